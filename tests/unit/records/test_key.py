"""Key schemas: what a valid key is, and that equal keys are one key."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import KEY_INVALID
from records.key import Key, KeySchema
from records.numbers import canonical, number_violation
from records.validation import validate

_OWN = KeySchema.read("device:S,time:N")


def test_a_schema_is_read_from_names_and_types() -> None:
    assert KeySchema.read("id:S") == KeySchema()
    assert _OWN.sort is not None
    assert [(each.name, each.kind, each.bytes_max) for each in (_OWN.partition, _OWN.sort)] == [
        ("device", "S", 2048),
        ("time", "N", 1024),
    ]
    assert KeySchema.read("a:b:N").partition.name == "a:b"


@pytest.mark.parametrize("text", ["", "id", "id:B", ":S", "a:S,", "a:S,b", "a:S,a:N", "a:S,b:S,c:S"])
def test_an_invalid_schema_raises_an_error_that_says_what_is_valid(text: str) -> None:
    with pytest.raises(ValueError, match="a key is"):
        KeySchema.read(text)


@pytest.mark.parametrize(
    ("record", "pointers"),
    [
        ({"device": "a", "time": 1}, []),
        ({"device": "a", "time": Decimal("1.5")}, []),
        ({}, ["/device", "/time"]),
        ({"device": "a"}, ["/time"]),
        ({"device": "a", "time": "1"}, ["/time"]),
        ({"device": "a", "time": True}, ["/time"]),
        ({"device": 1, "time": 1}, ["/device"]),
        ({"device": "", "time": 1}, ["/device"]),
        ({"device": "x" * 2049, "time": 1}, ["/device"]),
    ],
)
def test_every_key_attribute_is_checked(record: Any, pointers: list[str]) -> None:
    found = validate(record, _OWN, 10)
    assert [violation.pointer for violation in found] == pointers
    assert {violation.code for violation in found} <= {KEY_INVALID}


def test_a_sort_key_may_be_half_as_long_as_a_partition_key() -> None:
    schema = KeySchema.read("a:S,b:S")
    assert validate({"a": "x" * 2048, "b": "Ж" * 512}, schema) == []
    assert [violation.pointer for violation in validate({"a": "x", "b": "Ж" * 513}, schema)] == ["/b"]


def test_the_pointer_to_a_key_is_escaped() -> None:
    assert [violation.pointer for violation in validate({}, KeySchema.read("a/b~c:S"))] == ["/a~1b~0c"]


@pytest.mark.parametrize(
    ("schema", "filled"),
    [("id:S", {"id": "own"}), ("name:S", {"name": "own"}), ("id:N", {}), ("id:S,time:N", {}), ("a:S,b:S", {})],
)
def test_a_key_is_generated_only_where_it_is_a_single_string(schema: str, filled: dict[str, str]) -> None:
    record: dict[str, Any] = {}
    KeySchema.read(schema).fill(record, "own")
    assert record == filled


@pytest.mark.parametrize("same", [[1, Decimal("1.0"), Decimal("1E0")], [100, Decimal("1e2")], [0, Decimal("-0.0")]])
def test_equal_numbers_are_one_key(same: list[Any]) -> None:
    schema = KeySchema.read("n:N")
    assert len({schema.of({"n": number}) for number in same}) == 1


_KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
_NUMBERS = (st.integers() | st.decimals(allow_nan=False, allow_infinity=False)).filter(
    lambda n: number_violation(n) is None
)


@given(device=_KEYS, time=_NUMBERS)
def test_the_key_in_a_receipt_finds_the_same_record(device: str, time: Any) -> None:
    key = _OWN.of({"device": device, "time": time})
    assert key == Key(**{{"id": "partition"}.get(name, name): text for name, text in key.members().items()})
    assert _OWN.attribute_values(key) == {"device": {"S": device}, "time": {"N": canonical(time)}}


@pytest.mark.parametrize(
    ("schema", "key"),
    [
        ("id:S", Key("a", "b")),
        ("id:S", Key("")),
        ("id:N", Key("a")),
        ("id:N", Key("true")),
        ("id:N", Key("1e126")),
        ("id:N", Key("1e99999999999999999999")),
        ("id:N", Key('"1"')),
        ("a:S,b:N", Key("a")),
        ("a:S,b:N", Key("a", "b")),
    ],
)
def test_a_key_that_no_item_can_have_has_no_attribute_values(schema: str, key: Key) -> None:
    assert KeySchema.read(schema).attribute_values(key) is None
