"""One record on its way: from the client's JSON to a message's body, and from a message's body to an item."""

from dataclasses import dataclass, replace

from records.faults import (
    NAME_INVALID,
    NAME_RESERVED,
    NESTING_TOO_DEEP,
    RECORD_NOT_AN_OBJECT,
    RECORD_TOO_LARGE,
    Fault,
)
from records.item import RESERVED_BYTES, RESERVED_NAME, item_bytes
from records.json_text import Value
from records.key import Key, KeySchema
from records.limits import ITEM_BYTES_MAX, NAME_BYTES_MAX, NESTING_DEPTH_MAX
from records.numbers import NUMBERS, number_fault

_POINTERS_LENGTH_MAX = 65_536
_LIGHT_TEXT_LENGTH = ITEM_BYTES_MAX // 4
"""JSON up to here is an item within the limit: no byte of JSON makes more than three of an item."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a client sent, with its key in it and its version. Made of what `faults` finds nothing wrong with."""

    key: Key
    attributes: dict[str, Value]
    version: str


def faults(value: Value, key_schema: KeySchema, faults_max: int = 1, text_length: int = ITEM_BYTES_MAX) -> list[Fault]:
    """Everything that keeps `value` from being stored, up to `faults_max`; empty for a record that can be stored.

    `text_length` is the length of the JSON that it was read from, or more: what is short needs no weighing.
    """
    if not isinstance(value, dict):
        return [Fault("", RECORD_NOT_AN_OBJECT, "a record is a JSON object")]
    found = _Found(faults_max)
    if RESERVED_NAME in value:
        found.add(f"/{RESERVED_NAME}", NAME_RESERVED, f"{RESERVED_NAME} is Forebay's own attribute")
    found.faults += key_schema.faults(value)
    _check(value, 1, found)
    if text_length > _LIGHT_TEXT_LENGTH and not found.faults and (size := item_bytes(value)) > ITEM_BYTES_MAX:
        found.add(
            "",
            RECORD_TOO_LARGE,
            f"the item would be {size:,} bytes, of which Forebay adds {RESERVED_BYTES}; at most {ITEM_BYTES_MAX:,}",
        )
    return found.faults[:faults_max]


class _Found:
    """The faults found so far. Their pointers are built from the inside out, so that good records pay nothing."""

    def __init__(self, room: int) -> None:
        self.faults: list[Fault] = []
        self.room = room

    def add(self, pointer: str, code: str, detail: str) -> None:
        self.faults.append(Fault(pointer, code, detail))

    def within(self, token: str, start: int) -> None:
        """Puts the faults from `start` on below `token`, a name or an index."""
        escaped = token.replace("~", "~0").replace("/", "~1")
        self.faults[start:] = [replace(fault, pointer=f"/{escaped}{fault.pointer}") for fault in self.faults[start:]]
        # Names may be long and many faults may share them: the answer must not grow by their product.
        if sum(len(fault.pointer) for fault in self.faults) > _POINTERS_LENGTH_MAX:
            del self.faults[1:]
            self.room = 1


_NEVER_AT_FAULT = (str, bool, type(None))


def _check(value: Value, depth: int, found: _Found) -> None:
    if len(found.faults) >= found.room or isinstance(value, _NEVER_AT_FAULT):
        return
    if isinstance(value, NUMBERS):
        if fault := number_fault(value):
            found.add("", *fault)
    elif depth > NESTING_DEPTH_MAX:
        found.add("", NESTING_TOO_DEEP, f"at most {NESTING_DEPTH_MAX} brackets are open at once")
    else:
        elements = enumerate(value) if isinstance(value, list) else value.items()
        for token, element in elements:
            start = len(found.faults)
            if isinstance(token, str) and not 1 <= len(token.encode()) <= NAME_BYTES_MAX:
                found.add("", NAME_INVALID, f"an attribute's name has 1 to {NAME_BYTES_MAX:,} UTF-8 bytes")
            if not isinstance(element, _NEVER_AT_FAULT):
                _check(element, depth + 1, found)
            if len(found.faults) > start:
                found.within(str(token), start)
