"""Validation: a record that can be stored has no violation; every other one has one that says where and why."""

from decimal import Decimal
from typing import Any

import pytest

from records import errors as codes
from records.item import item_bytes
from records.key import KeySchema
from records.limits import ITEM_BYTES_MAX
from records.validation import size_violation, validate

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
def test_a_record_that_can_be_stored_has_no_violation(record: Any) -> None:
    assert validate(record, _KEY) == []


@pytest.mark.parametrize(
    ("record", "pointer", "code"),
    [
        ([], "", codes.RECORD_NOT_AN_OBJECT),
        (None, "", codes.RECORD_NOT_AN_OBJECT),
        ("text", "", codes.RECORD_NOT_AN_OBJECT),
        ({}, "/id", codes.KEY_INVALID),
        ({"id": ""}, "/id", codes.KEY_INVALID),
        ({"id": 1}, "/id", codes.KEY_INVALID),
        ({"id": None}, "/id", codes.KEY_INVALID),
        ({"id": "x" * 2049}, "/id", codes.KEY_INVALID),
        ({"id": "Ж" * 1025}, "/id", codes.KEY_INVALID),
        ({"id": "1", "_forebay": {}}, "/_forebay", codes.NAME_RESERVED),
        ({"id": "1", "": 1}, "/", codes.NAME_INVALID),
        ({"id": "1", "a": {"": 1}}, "/a/", codes.NAME_INVALID),
        ({"id": "1", "n" * 65_536: 1}, "/" + "n" * 65_536, codes.NAME_INVALID),
        ({"id": "1", "deep": _nested(32)}, "/deep" + "/0" * 31, codes.NESTING_TOO_DEEP),
        ({"id": "1", "a": [0, {"b~/c": 10**126}]}, "/a/1/b~0~1c", codes.NUMBER_OUT_OF_RANGE),
        ({"id": "1", "a": 10**38 + 1}, "/a", codes.NUMBER_TOO_PRECISE),
    ],
)
def test_a_violation_has_the_pointer_and_the_code(record: Any, pointer: str, code: str) -> None:
    assert [(violation.pointer, violation.code) for violation in validate(record, _KEY, 10)] == [(pointer, code)]


def test_every_violation_is_found_up_to_the_maximum() -> None:
    record: Any = {"id": 7, "_forebay": 1, "a": [10**126, {"": 10**126}], "b": 10**126}
    assert {(violation.pointer, violation.code) for violation in validate(record, _KEY, 100)} == {
        ("/id", codes.KEY_INVALID),
        ("/_forebay", codes.NAME_RESERVED),
        ("/a/0", codes.NUMBER_OUT_OF_RANGE),
        ("/a/1/", codes.NAME_INVALID),
        ("/a/1/", codes.NUMBER_OUT_OF_RANGE),
        ("/b", codes.NUMBER_OUT_OF_RANGE),
    }
    assert len(validate(record, _KEY, 3)) == 3
    assert len(validate(record, _KEY)) == 1


def test_many_violations_below_long_names_do_not_make_the_answer_grow_by_their_product() -> None:
    record: Any = {"id": "1", "n" * 60_000: {"m" * 60_000: [10**126] * 1000}}
    found = validate(record, _KEY, 100)
    assert found[0].pointer == "/" + "n" * 60_000 + "/" + "m" * 60_000 + "/0"
    assert sum(len(violation.pointer) for violation in found) < 1_000_000


def test_an_item_of_exactly_the_maximum_size_is_valid_and_one_byte_more_is_not() -> None:
    spare_bytes = ITEM_BYTES_MAX - item_bytes({"id": "1", "a": ""})
    assert size_violation({"id": "1", "a": "x" * spare_bytes}, ITEM_BYTES_MAX) is None
    violation = size_violation({"id": "1", "a": "x" * (spare_bytes + 1)}, ITEM_BYTES_MAX)
    assert violation
    assert (violation.pointer, violation.code) == ("", codes.RECORD_TOO_LARGE)
