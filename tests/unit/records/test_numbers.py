"""Numbers: exact, canonical, and refused where DynamoDB refuses them."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import NUMBER_OUT_OF_RANGE, NUMBER_TOO_PRECISE
from records.numbers import canonical, number_bytes, number_violation

_WIDE = Context(prec=500)


@given(digits=st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1), exponent=st.integers(-130, 88))
def test_the_canonical_text_has_the_same_value_digit_for_digit(digits: int, exponent: int) -> None:
    number = Decimal(digits).scaleb(exponent, _WIDE)
    assert number_violation(number) is None
    assert Decimal(canonical(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("1.50"), "1.5"),
        (Decimal("-0"), "0"),
        (Decimal("0E+10"), "0"),
        (Decimal("1E+2"), "100"),
        (0, "0"),
        (-7, "-7"),
        (100, "100"),
        (10**125, "1E+125"),
        (Decimal("1E-130"), "1E-130"),
        (12345678901234567890123456789012345678, "12345678901234567890123456789012345678"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (Decimal("1." + "0" * 60), "1"),
    ],
)
def test_equal_numbers_have_the_same_text(number: int | Decimal, text: str) -> None:
    assert number_violation(number) is None
    assert canonical(number) == text


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (10**126, NUMBER_OUT_OF_RANGE),
        (-(10**126), NUMBER_OUT_OF_RANGE),
        (Decimal("1E+126"), NUMBER_OUT_OF_RANGE),
        (Decimal("9.9E-131"), NUMBER_OUT_OF_RANGE),
        (Decimal("1E+999999999"), NUMBER_OUT_OF_RANGE),
        (Decimal("1E-999999999"), NUMBER_OUT_OF_RANGE),
        (10**38 + 1, NUMBER_TOO_PRECISE),
        (Decimal("0." + "1" * 39), NUMBER_TOO_PRECISE),
        (Decimal("1" * 38 + ".1"), NUMBER_TOO_PRECISE),
    ],
)
def test_a_number_that_dynamodb_cannot_store_is_a_violation(number: int | Decimal, code: str) -> None:
    violation = number_violation(number)
    assert violation is not None
    assert violation[0] == code


@pytest.mark.parametrize(
    ("number", "size"),
    [
        (0, 1),
        (Decimal("-0.0"), 1),
        (5, 2),
        (-5, 3),
        (99, 2),
        (100, 2),
        (101, 3),
        (Decimal("0.1"), 2),
        (Decimal("1.1"), 3),
        (Decimal("10.01"), 3),
        (Decimal("9" * 38), 20),
        (Decimal("-" + "9" * 38), 21),
        (Decimal("-" + "9" * 38 + "E-1"), 21),
    ],
)
def test_a_number_takes_a_byte_for_every_two_digits_and_one_more_and_one_for_the_sign(
    number: int | Decimal, size: int
) -> None:
    assert number_bytes(number) == size
