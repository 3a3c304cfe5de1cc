"""A record's JSON text: strict on the way in, exact and compact on the way out."""

import re
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import TypeAlias

import jiter

from records.faults import JSON_MALFORMED, NESTING_TOO_DEEP, NUMBER_OUT_OF_RANGE, TEXT_INVALID, TextMalformed
from records.numbers import NUMBERS, canonical

Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"
"""What JSON can say. Numbers are `int` or `Decimal`, never `float`: every digit counts."""

_POSITION = re.compile(r" at line (\d+) column (\d+)$")

# jiter tells its refusals apart by how their text begins; what is not listed is malformed JSON.
_CODES = {
    "recursion limit exceeded": NESTING_TOO_DEEP,
    "number out of range": NUMBER_OUT_OF_RANGE,
    'Internal error: "InvalidOperation': NUMBER_OUT_OF_RANGE,
    "unexpected end of hex escape": TEXT_INVALID,
    "lone leading surrogate": TEXT_INVALID,
}
_DETAILS = {
    NESTING_TOO_DEEP: "brackets are nested too deep",
    NUMBER_OUT_OF_RANGE: "a number is beyond what DynamoDB can hold",
    TEXT_INVALID: "a \\u escape is incomplete or a lone surrogate, which is not text",
}


def parse(text: bytes) -> Value:
    """JSON (RFC 8259) in UTF-8 to values, each number exact.

    Refused with `TextMalformed`: anything else, NaN and Infinity, duplicate names in one object, lone surrogates, a
    byte order mark, brackets more than 200 deep, numbers that not even a `Decimal` holds.
    """
    try:
        value: Value = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True, float_mode="decimal")
    except ValueError as error:
        raise _malformed(str(error)) from None
    return value


def _malformed(message: str) -> TextMalformed:
    position = _POSITION.search(message)
    line, column = (int(position[1]), int(position[2])) if position else (1, 1)
    code = next((code for beginning, code in _CODES.items() if message.startswith(beginning)), JSON_MALFORMED)
    detail = _DETAILS.get(code) or (message[: position.start()] if position else message)
    return TextMalformed(code, detail, line, max(column, 1))


def text_bytes(text: str) -> int:
    """UTF-8 bytes of a text; without making them where every character is one."""
    return len(text) if text.isascii() else len(text.encode())


def write(value: Value) -> str:
    r"""The compact JSON text of a value that has no faults: characters as they are, numbers canonical.

    Only what SQS does not take in a message is escaped (control characters by JSON's own rule, and U+FFFE and U+FFFF),
    because escapes for all of non-ASCII would triple a Cyrillic record; and numbers are canonical, because plain
    digits would turn 1E+125 into 126 bytes.
    """
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _write(value: Value, put: Callable[[str], None]) -> None:
    if isinstance(value, str):
        put(encode_basestring(value))
    elif value is True:
        put("true")
    elif value is False:
        put("false")
    elif value is None:
        put("null")
    elif isinstance(value, NUMBERS):
        put(canonical(value))
    elif isinstance(value, list):
        opening = "["
        for element in value:
            put(opening)
            _write(element, put)
            opening = ","
        put("]" if value else "[]")
    else:
        opening = "{"
        for name, element in value.items():
            put(opening)
            put(encode_basestring(name))
            put(":")
            _write(element, put)
            opening = ","
        put("}" if value else "{}")
