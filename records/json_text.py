"""A record's JSON text: parsed strictly, written exactly and compactly."""

import re
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import TypeAlias

import jiter

from records.errors import JSON_MALFORMED, NESTING_TOO_DEEP, NUMBER_OUT_OF_RANGE, TEXT_INVALID, TextMalformed
from records.numbers import NUMBERS, canonical

Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"
"""Any JSON value. Numbers are `int` or `Decimal`, never `float`, to keep every digit."""

_POSITION = re.compile(r" at line (\d+) column (\d+)$")

# jiter has no error codes: the beginning of its message says what is wrong. Every other message is malformed JSON.
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
    """Parses JSON (RFC 8259) in UTF-8 to values, each number exact.

    Raises `TextMalformed` for anything else: NaN and Infinity, duplicate names in one object, lone surrogates, a byte
    order mark, brackets more than 200 deep, numbers beyond the range of `Decimal`.
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
    """The number of UTF-8 bytes of a text. Most texts are ASCII, and then nothing is encoded to count them."""
    return len(text) if text.isascii() else len(text.encode())


def write(value: Value) -> str:
    r"""The compact JSON text of a valid value: characters are not escaped, numbers are canonical.

    Beside quotes and backslashes, only the characters that SQS does not take in a message are escaped: control
    characters, as JSON requires, and U+FFFE and U+FFFF. To escape all non-ASCII characters would triple the size of a
    Cyrillic record. Numbers are canonical because plain digits would turn 1E+125 into 126 bytes.
    """
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _write(value: Value, append: Callable[[str], None]) -> None:
    if isinstance(value, str):
        append(encode_basestring(value))
    elif value is True:
        append("true")
    elif value is False:
        append("false")
    elif value is None:
        append("null")
    elif isinstance(value, NUMBERS):
        append(canonical(value))
    elif isinstance(value, list):
        opening = "["
        for element in value:
            append(opening)
            _write(element, append)
            opening = ","
        append("]" if value else "[]")
    else:
        opening = "{"
        for name, element in value.items():
            append(opening)
            append(encode_basestring(name))
            append(":")
            _write(element, append)
            opening = ","
        append("}" if value else "{}")
