"""How many values a body holds, before it is parsed: time and memory of parsing go by their number. Pure."""

import re

from api.problems import TooManyValues

REQUEST_VALUES_MAX = 500_000
"""Of all records of a request: two and a half times what one item can hold. Parsing them takes 0.6 to 1.1 s of a core,
and 60 to 100 MB (docs/decisions/0010)."""
# A text without its closing quote ends with the line or the body, so that the time stays linear.
_TEXTS = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?')


def check_values(text: bytes, values_max: int = REQUEST_VALUES_MAX) -> None:
    """Raises `TooManyValues` for JSON text, or lines of it, with more values than that.

    Each value but the first of a line follows a comma or an opening bracket.
    """
    if _separators(text) > values_max and _separators(_TEXTS.sub(b"", text)) > values_max:
        raise TooManyValues(f"a request holds at most {values_max:,} values in all its records; send them in parts")


def _separators(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")
