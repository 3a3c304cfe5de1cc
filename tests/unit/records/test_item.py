"""Items: a record reads back equal, and its size is as DynamoDB counts it."""

from decimal import Decimal
from typing import Any

import pytest

from records.item import (
    RESERVED_BYTES,
    RESERVED_NAME,
    Item,
    Provenance,
    from_item,
    item_bytes,
    to_attribute_value,
    to_item,
    value_bytes,
    write_units,
)

_PROVENANCE = Provenance.of("018bcfe5-687b-7000-8000-000000000000", 1_700_000_000_500, 1_700_000_001_000)


def test_an_item_is_the_record_and_its_provenance() -> None:
    item = to_item({"id": "1"}, _PROVENANCE)
    assert item == {
        "id": {"S": "1"},
        "_forebay": {
            "M": {
                "version": {"S": "018bcfe5-687b-7000-8000-000000000000"},
                "accepted": {"S": "2023-11-14T22:13:20.123Z"},
                "sqs": {"S": "2023-11-14T22:13:20.500Z"},
                "ddb": {"S": "2023-11-14T22:13:21.000Z"},
            }
        },
    }


def test_a_record_reads_back_equal() -> None:
    record: Any = {"id": "1", "n": Decimal("1.5"), "t": True, "z": None, "l": [1, ["a"]], "m": {"x": {"y": ""}}}
    assert from_item(to_item(record, _PROVENANCE)) == (record, _PROVENANCE)


@pytest.mark.parametrize("name", ["version", "accepted", "sqs", "ddb"])
@pytest.mark.parametrize("text", ["Ж", "a\r\nset-cookie: b=c", "\x00"])
def test_a_provenance_that_others_have_written_and_no_header_could_hold_is_left_out(name: str, text: str) -> None:
    item = to_item({"id": "1"}, _PROVENANCE)
    item[RESERVED_NAME]["M"][name] = {"S": text}
    assert from_item(item) == ({"id": "1"}, None)


def test_a_version_that_is_none_is_left_out() -> None:
    item = to_item({"id": "1"}, _PROVENANCE)
    item[RESERVED_NAME]["M"]["version"] = {"S": "7"}
    assert from_item(item) == ({"id": "1"}, None)


def test_an_item_that_did_not_come_through_forebay_can_be_read() -> None:
    item: Item = {"id": {"S": "1"}, "ss": {"SS": ["a"]}, "ns": {"NS": ["1"]}, "b": {"B": b"\0"}, "bs": {"BS": [b"\1"]}}
    assert from_item(item) == ({"id": "1", "ss": ["a"], "ns": [1], "b": "AA==", "bs": ["AQ=="]}, None)


@pytest.mark.parametrize(
    ("value", "attribute_value"),
    [
        ("a", {"S": "a"}),
        (True, {"BOOL": True}),
        (None, {"NULL": True}),
        (10, {"N": "10"}),
        (Decimal("1.50"), {"N": "1.5"}),
        ([1, {"a": []}], {"L": [{"N": "1"}, {"M": {"a": {"L": []}}}]}),
    ],
)
def test_values_map_to_attribute_values(value: Any, attribute_value: Any) -> None:
    assert to_attribute_value(value) == attribute_value


@pytest.mark.parametrize(
    ("value", "size"),
    [("Ж", 2), (True, 1), (None, 1), ([], 3), ({}, 3), ([1, "ab"], 3 + 3 + 3), ({"ab": 1}, 3 + 1 + 2 + 2)],
)
def test_each_type_of_value_has_the_size_that_dynamodb_counts(value: Any, size: int) -> None:
    assert value_bytes(value) == size


def test_the_size_of_an_item_includes_the_reserved_attribute() -> None:
    reserved = from_item({"x": to_item({}, _PROVENANCE)[RESERVED_NAME]})[0]["x"]
    assert len(RESERVED_NAME) + value_bytes(reserved) == RESERVED_BYTES
    assert item_bytes({"id": "1"}) == 3 + RESERVED_BYTES


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (409_600, 400)])
def test_one_write_unit_is_used_for_each_started_kibibyte(size: int, units: int) -> None:
    assert write_units(size) == units
