"""JSON text: parsed strictly, written exactly and compactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import JSON_MALFORMED, NESTING_TOO_DEEP, NUMBER_OUT_OF_RANGE, TEXT_INVALID, TextMalformed
from records.item import value_bytes
from records.json_text import Value, parse, write

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(-100_000, 100_000, places=7)
_VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(value=_VALUES)
def test_what_is_written_reads_back_equal(value: Value) -> None:
    assert parse(write(value).encode()) == value


@given(value=_VALUES)
def test_one_byte_of_json_adds_at_most_three_bytes_to_an_item(value: Value) -> None:
    """So `records.validation.size_violation` need not compute the item's size for short records."""
    assert value_bytes(value) <= 3 * len(write(value).encode())


@given(text=_TEXT)
def test_no_character_is_written_that_sqs_does_not_take_in_a_message(text: str) -> None:
    written = write({text: text})
    assert all(c >= " " and c not in "\ufffe\uffff" for c in written)


def test_only_quotes_backslashes_and_characters_that_sqs_refuses_are_escaped() -> None:
    assert write("Ж😀\x7f") == '"Ж😀\x7f"'
    assert write('\x00\n"\\\ufffe') == r'"\u0000\n\"\\\ufffe"'


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (b"", JSON_MALFORMED, 1, 1),
        (b"{", JSON_MALFORMED, 1, 1),
        (b'{"a":\n  tru}', JSON_MALFORMED, 2, 6),
        (b'{"a":1,}', JSON_MALFORMED, 1, 8),
        (b"{} x", JSON_MALFORMED, 1, 4),
        (b"NaN", JSON_MALFORMED, 1, 1),
        (b"[Infinity]", JSON_MALFORMED, 1, 2),
        (b"-Infinity", JSON_MALFORMED, 1, 2),
        (b"01", JSON_MALFORMED, 1, 2),
        (b'{"a":1,"\\u0061":2}', JSON_MALFORMED, 1, 17),
        (b'{"surrogate":1,"surrogate":2}', JSON_MALFORMED, 1, 28),
        (b'{"number out of range":1,"number out of range":2}', JSON_MALFORMED, 1, 48),
        (b"\xef\xbb\xbf{}", JSON_MALFORMED, 1, 1),
        ('{"a":1}'.encode("utf-16"), JSON_MALFORMED, 1, 1),
        (b'"\xff"', JSON_MALFORMED, 1, 2),
        (b'"\xed\xa0\x80"', JSON_MALFORMED, 1, 2),
        (b'"\\ud800"', TEXT_INVALID, 1, 8),
        (b'{"\\udc00":1}', TEXT_INVALID, 1, 8),
        (b'"\\ud800\\u0041"', TEXT_INVALID, 1, 13),
        (b"[" * 100_000, NESTING_TOO_DEEP, 1, 202),
        (b"1e99999999999999999999", NUMBER_OUT_OF_RANGE, 1, 22),
        (b"1" * 1_000_000, NUMBER_OUT_OF_RANGE, 1, 4302),
    ],
)
def test_malformed_text_is_refused_with_its_code_line_and_column(
    text: bytes, code: str, line: int, column: int
) -> None:
    with pytest.raises(TextMalformed) as caught:
        parse(text)
    assert (caught.value.code, caught.value.line, caught.value.column) == (code, line, column)


def test_numbers_keep_every_digit() -> None:
    assert parse(b"[0.1, 1e-130, 12345678901234567890.123456789, 100000000000000000000000000]") == [
        Decimal("0.1"),
        Decimal("1E-130"),
        Decimal("12345678901234567890.123456789"),
        10**26,
    ]
