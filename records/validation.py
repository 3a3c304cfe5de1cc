"""The rules for a record: what DynamoDB can store and Forebay accepts. `validate` is the place to add a rule.

The rules for sizes are apart: `size_violation` limits the item, `records.message.Message.violation` the message. And
`records.json_text.parse` refuses malformed text.
"""

from dataclasses import dataclass, replace

from records.errors import (
    NAME_INVALID,
    NAME_RESERVED,
    NESTING_TOO_DEEP,
    RECORD_NOT_AN_OBJECT,
    RECORD_TOO_LARGE,
    Violation,
)
from records.item import RESERVED_BYTES, RESERVED_NAME, item_bytes
from records.json_text import Value
from records.key import Key, KeySchema
from records.limits import ITEM_BYTES_MAX, NAME_BYTES_MAX, NESTING_DEPTH_MAX
from records.numbers import NUMBERS, number_violation

_POINTERS_LENGTH_MAX = 65_536
_ALWAYS_SMALL_TEXT_BYTES = ITEM_BYTES_MAX // 4
"""JSON of at most this length always makes an item within the limit: one byte of JSON adds at most three to the item,
and Forebay's own attribute is small."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record in which `validate` has found no violation: its attributes, among them its key, and its version."""

    key: Key
    attributes: dict[str, Value]
    version: str


def validate(value: Value, key_schema: KeySchema, violations_max: int = 1) -> list[Violation]:
    """Every rule that `value` violates, up to `violations_max`, but for its size; `size_violation` comes after that.

    To add a rule for the record as a whole, check it here. A rule for each value or attribute name belongs in
    `_check_value`. Its code belongs in `records.errors` and docs/errors.md.
    """
    if not isinstance(value, dict):
        return [Violation("", RECORD_NOT_AN_OBJECT, "a record is a JSON object")]
    found = _Violations(violations_max)
    if RESERVED_NAME in value:
        found.add(f"/{RESERVED_NAME}", NAME_RESERVED, f"{RESERVED_NAME} is Forebay's own attribute")
    found.all += key_schema.violations(value)
    _check_value(value, 1, found)
    return found.all[:violations_max]


def size_violation(attributes: dict[str, Value], text_length: int) -> Violation | None:
    """A record without other violations may still be too large for an item.

    `text_length`: the length in bytes of the record's own JSON, or any larger number. It saves the computation of the
    item's size for all but long records.
    """
    if text_length <= _ALWAYS_SMALL_TEXT_BYTES or (size := item_bytes(attributes)) <= ITEM_BYTES_MAX:
        return None
    detail = f"the item would be {size:,} bytes, of which Forebay adds {RESERVED_BYTES}; at most {ITEM_BYTES_MAX:,}"
    return Violation("", RECORD_TOO_LARGE, detail)


class _Violations:
    """The violations found so far.

    A pointer is built from its end, while the recursion returns, so that valid records do not pay for pointers.
    """

    def __init__(self, violations_max: int) -> None:
        self.all: list[Violation] = []
        self.violations_max = violations_max

    def add(self, pointer: str, code: str, detail: str) -> None:
        self.all.append(Violation(pointer, code, detail))

    def prepend_token(self, token: str, start: int) -> None:
        """Puts `token`, a name or an index, before the pointers of the violations from index `start` on."""
        escaped = token.replace("~", "~0").replace("/", "~1")
        self.all[start:] = [replace(each, pointer=f"/{escaped}{each.pointer}") for each in self.all[start:]]
        # Names may be long, and many violations may share them: the answer must not grow by their product.
        if sum(len(each.pointer) for each in self.all) > _POINTERS_LENGTH_MAX:
            del self.all[1:]
            self.violations_max = 1


_ALWAYS_VALID = (str, bool, type(None))


def _check_value(value: Value, depth: int, found: _Violations) -> None:
    if len(found.all) >= found.violations_max or isinstance(value, _ALWAYS_VALID):
        return
    if isinstance(value, NUMBERS):
        if violation := number_violation(value):
            found.add("", *violation)
    elif depth > NESTING_DEPTH_MAX:
        found.add("", NESTING_TOO_DEEP, f"at most {NESTING_DEPTH_MAX} brackets are open at once")
    else:
        elements = enumerate(value) if isinstance(value, list) else value.items()
        for token, element in elements:
            start = len(found.all)
            if isinstance(token, str) and not 1 <= len(token.encode()) <= NAME_BYTES_MAX:
                found.add("", NAME_INVALID, f"an attribute's name has 1 to {NAME_BYTES_MAX:,} UTF-8 bytes")
            if not isinstance(element, _ALWAYS_VALID):
                _check_value(element, depth + 1, found)
            if len(found.all) > start:
                found.prepend_token(str(token), start)
