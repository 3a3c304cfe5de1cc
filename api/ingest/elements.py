"""The text of each element of a JSON array, as the client wrote it. Pure.

The standard library's scanner finds where each ends: jiter, which reads the values, does not tell.
"""

import json
import re

from records.errors import JSON_MALFORMED, TextMalformed

_SPACE = re.compile(r"[ \t\n\r]*")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# Numbers are not converted: `len` is the cheapest that takes one.
_SCANNER = json.JSONDecoder(parse_float=len, parse_int=len, parse_constant=_refuse_constant)


def element_texts(text: bytes) -> list[bytes]:
    """The texts of an array's elements in order; of any other value the one text, without the space around it.

    An element may still hold what no record can: lone surrogates, the same name twice, numbers of any size, up to about
    a thousand brackets. Raises `TextMalformed` for what is not JSON as a whole.
    """
    try:
        return [element.encode() for element in _elements(text.decode())]
    except (ValueError, RecursionError):
        raise TextMalformed(JSON_MALFORMED, "the body is not JSON", 1, 1) from None


def _elements(text: str) -> list[str]:
    start = _after_space(text, 0)
    if not text.startswith("[", start):
        _, end = _SCANNER.raw_decode(text, start)
        _expect_end(text, end)
        return [text[start:end]]
    found: list[str] = []
    position = _after_space(text, start + 1)
    while found or not text.startswith("]", position):
        _, end = _SCANNER.raw_decode(text, position)
        found.append(text[position:end])
        position = _after_space(text, end)
        if text.startswith("]", position):
            break
        if not text.startswith(",", position):
            raise ValueError("neither a comma nor the end of the array")
        position = _after_space(text, position + 1)
    _expect_end(text, position + 1)
    return found


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match  # noqa: S101 - for the checker: it also matches no space
    return match.end()


def _expect_end(text: str, position: int) -> None:
    if _after_space(text, position) != len(text):
        raise ValueError("something follows the value")
