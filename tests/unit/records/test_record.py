"""Records: everything storable has no fault, everything else has one that says where and why."""

from decimal import Decimal
from typing import Any

import pytest

from records import faults as f
from records.item import item_bytes
from records.key import KeySchema
from records.limits import ITEM_BYTES_MAX
from records.validation import faults

_KEY = KeySchema()


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1"},
        {"id": "1", "empty": "", "none": None, "yes": True, "no": False, "list": [], "map": {}},
        {"id": "x" * 2048},
        {"id": "Ж" * 1024},
        {"id": "\x00"},
        {"id": "1", "deep": _nested(31)},
        {"id": "1", "n" * 65_535: 1},
        {"id": "1", "number": Decimal("9" * 38 + "E+88")},
    ],
)
def test_a_storable_record_has_no_fault(record: Any) -> None:
    assert faults(record, _KEY) == []


@pytest.mark.parametrize(
    ("record", "pointer", "code"),
    [
        ([], "", f.RECORD_NOT_AN_OBJECT),
        (None, "", f.RECORD_NOT_AN_OBJECT),
        ("text", "", f.RECORD_NOT_AN_OBJECT),
        ({}, "/id", f.KEY_INVALID),
        ({"id": ""}, "/id", f.KEY_INVALID),
        ({"id": 1}, "/id", f.KEY_INVALID),
        ({"id": None}, "/id", f.KEY_INVALID),
        ({"id": "x" * 2049}, "/id", f.KEY_INVALID),
        ({"id": "Ж" * 1025}, "/id", f.KEY_INVALID),
        ({"id": "1", "_forebay": {}}, "/_forebay", f.NAME_RESERVED),
        ({"id": "1", "": 1}, "/", f.NAME_INVALID),
        ({"id": "1", "a": {"": 1}}, "/a/", f.NAME_INVALID),
        ({"id": "1", "n" * 65_536: 1}, "/" + "n" * 65_536, f.NAME_INVALID),
        ({"id": "1", "deep": _nested(32)}, "/deep" + "/0" * 31, f.NESTING_TOO_DEEP),
        ({"id": "1", "a": [0, {"b~/c": 10**126}]}, "/a/1/b~0~1c", f.NUMBER_OUT_OF_RANGE),
        ({"id": "1", "a": 10**38 + 1}, "/a", f.NUMBER_TOO_PRECISE),
        ({"id": "1", "a": "x" * ITEM_BYTES_MAX}, "", f.RECORD_TOO_LARGE),
    ],
)
def test_a_fault_says_where_and_what(record: Any, pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in faults(record, _KEY, 10)] == [(pointer, code)]


def test_every_fault_is_found_up_to_the_cap() -> None:
    record: Any = {"id": 7, "_forebay": 1, "a": [10**126, {"": 10**126}], "b": 10**126}
    assert {(fault.pointer, fault.code) for fault in faults(record, _KEY, 100)} == {
        ("/id", f.KEY_INVALID),
        ("/_forebay", f.NAME_RESERVED),
        ("/a/0", f.NUMBER_OUT_OF_RANGE),
        ("/a/1/", f.NAME_INVALID),
        ("/a/1/", f.NUMBER_OUT_OF_RANGE),
        ("/b", f.NUMBER_OUT_OF_RANGE),
    }
    assert len(faults(record, _KEY, 3)) == 3
    assert len(faults(record, _KEY)) == 1


def test_many_faults_below_long_names_do_not_multiply() -> None:
    record: Any = {"id": "1", "n" * 60_000: {"m" * 60_000: [10**126] * 1000}}
    found = faults(record, _KEY, 100)
    assert found[0].pointer == "/" + "n" * 60_000 + "/" + "m" * 60_000 + "/0"
    assert sum(len(fault.pointer) for fault in found) < 1_000_000


def test_the_item_limit_is_inclusive_and_counts_what_is_added() -> None:
    room = ITEM_BYTES_MAX - item_bytes({"id": "1", "a": ""})
    assert faults({"id": "1", "a": "x" * room}, _KEY) == []
    assert [fault.code for fault in faults({"id": "1", "a": "x" * (room + 1)}, _KEY)] == [f.RECORD_TOO_LARGE]
