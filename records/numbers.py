"""Numbers as DynamoDB holds them: exact decimals of at most 38 significant digits.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number

boto3's own `TypeSerializer` and `TypeDeserializer` pass numbers that the service refuses and refuse numbers that it
takes, so the mapping is here.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact

from records.faults import NUMBER_OUT_OF_RANGE, NUMBER_TOO_PRECISE
from records.limits import NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN

NUMBERS = (int, Decimal)
"""For `isinstance`: a union would be made anew by every call."""
_EXACT = Context(prec=NUMBER_DIGITS_MAX, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
_PLAIN_INT_MAX = 10**NUMBER_DIGITS_MAX
_ITEM_NUMBER_BYTES_MAX = 21


def canonical(number: int | Decimal) -> str:
    """The one text of a number's value, without needless zeros or a sign of zero: `1.50` → `1.5`, `1e2` → `100`.

    Both JSON and DynamoDB read it. Whole numbers of up to 38 digits are written out, so that clients in every language
    read them as whole; larger ones have an exponent. For numbers that `number_fault` finds nothing wrong with.
    """
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        return str(number)
    exact = _EXACT.normalize(Decimal(number))
    if not exact:
        return "0"
    text = str(exact)
    return format(exact, "f") if "E" in text and 0 <= exact.adjusted() < NUMBER_DIGITS_MAX else text


def number_fault(number: int | Decimal) -> tuple[str, str] | None:
    """Why DynamoDB would refuse a number, as code and detail; None when it would take it."""
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        return None
    decimal = Decimal(number)
    if decimal and not NUMBER_EXPONENT_MIN <= decimal.adjusted() <= NUMBER_EXPONENT_MAX:
        return NUMBER_OUT_OF_RANGE, "a number is zero or from 1E-130 to 9.99…E+125 in magnitude"
    try:
        _EXACT.plus(decimal)
    except Inexact:
        return NUMBER_TOO_PRECISE, f"a number has at most {NUMBER_DIGITS_MAX} significant digits"
    return None


def number_bytes(number: int | Decimal) -> int:
    """Bytes of a number in an item: a byte per two digits, aligned on the decimal point, and one or two."""
    if not number:
        return 1
    if isinstance(number, int) and -_PLAIN_INT_MAX < number < _PLAIN_INT_MAX:
        digits = str(abs(number))
        first = len(digits) - 1
        last = first + 1 - len(digits.rstrip("0"))
    else:
        exact = _EXACT.normalize(Decimal(number))
        first = exact.adjusted()
        last = first + 1 - len(exact.as_tuple().digits)
    pairs = first // 2 - last // 2 + 1
    return min(_ITEM_NUMBER_BYTES_MAX, 1 + pairs + (1 if number < 0 else 0))
