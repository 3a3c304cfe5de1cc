"""How many values a body holds, before it is parsed: time and memory of parsing go by their number. Pure."""

import re

from api.problems import TooManyValues

REQUEST_VALUES_MAX = 500_000
"""Of all records of a request: two and a half times what one item can hold. Parsing them takes 0.6 to 1.1 s of a core,
and 60 to 100 MB (docs/decisions/0010)."""
# A text without its closing quote ends with the line or the body, so that the time stays linear.
_TEXTS = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?')


def check_values(text: bytes, values_max: int = REQUEST_VALUES_MAX) -> None:
    """Raises `TooManyValues` for JSON text, or lines of it, with more values than that."""
    if _has_more_values(text, values_max):
        raise TooManyValues(f"a request holds at most {values_max:,} values in all its records; send them in parts")


def takes_long(text: bytes, parts_max: int) -> bool:
    """Whether it may hold more parts than that: values, and lines, each of which may be a record."""
    return _has_more_values(text, parts_max - text.count(b"\n"))


def _has_more_values(text: bytes, values_max: int) -> bool:
    """Each value but the first of a line follows a comma or an opening bracket."""
    return _separators(text) > values_max and _separators(_TEXTS.sub(b"", text)) > values_max


def _separators(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")
