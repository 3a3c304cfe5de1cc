"""Numbers as DynamoDB holds them: exact decimals of at most 38 significant digits.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number

boto3's own `TypeSerializer` and `TypeDeserializer` accept numbers that the service refuses, and refuse numbers that it
accepts. So the mapping is here.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, Overflow, Subnormal

from records.errors import NUMBER_OUT_OF_RANGE, NUMBER_TOO_PRECISE
from records.limits import NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN

NUMBERS = (int, Decimal)
"""For `isinstance`, which takes a tuple faster than the union `int | Decimal`."""
_EXACT = Context(prec=NUMBER_DIGITS_MAX, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
_REFUSED = (Inexact, Overflow, Subnormal)
_DYNAMODB = Context(prec=NUMBER_DIGITS_MAX, Emax=NUMBER_EXPONENT_MAX, Emin=NUMBER_EXPONENT_MIN, traps=list(_REFUSED))
"""Raises one of `_REFUSED` for every number that DynamoDB would refuse."""
_PLAIN_INT_MAX = 10**NUMBER_DIGITS_MAX
_ITEM_NUMBER_BYTES_MAX = 21


def canonical(number: int | Decimal) -> str:
    """The canonical text of a valid number, without redundant zeros and without `-0`: `1.50` → `1.5`, `1e2` → `100`.

    It is valid in JSON and in DynamoDB. Integers of up to 38 digits have no exponent, so that clients in every language
    read them as integers; larger ones have one.
    """
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        return str(number)
    exact = _EXACT.normalize(number)
    if not exact:
        return "0"
    text = str(exact)
    return format(exact, "f") if "E" in text and 0 <= exact.adjusted() < NUMBER_DIGITS_MAX else text


def number_violation(number: int | Decimal) -> tuple[str, str] | None:
    """Why DynamoDB would refuse the number, as code and detail; None when it would accept it."""
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        return None
    try:
        _DYNAMODB.plus(number)
    except _REFUSED:
        if NUMBER_EXPONENT_MIN <= Decimal(number).adjusted() <= NUMBER_EXPONENT_MAX:
            return NUMBER_TOO_PRECISE, f"a number has at most {NUMBER_DIGITS_MAX} significant digits"
        return NUMBER_OUT_OF_RANGE, "a number is zero or from 1E-130 to 9.99…E+125 in magnitude"
    return None


def number_bytes(number: int | Decimal) -> int:
    """The size of a number in an item: one byte for every two digits (aligned to the decimal point), one more byte, and
    one more for a negative number.
    """
    if not number:
        return 1
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        digits = str(abs(number))
        first = len(digits) - 1
        last = first + 1 - len(digits.rstrip("0"))
    else:
        exact = _EXACT.normalize(number)
        first = exact.adjusted()
        last = first + 1 - len(exact.as_tuple().digits)
    pairs = first // 2 - last // 2 + 1
    return min(_ITEM_NUMBER_BYTES_MAX, 1 + pairs + (1 if number < 0 else 0))
