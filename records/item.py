"""A record as a DynamoDB item: its attribute values, its size, its write units.

The item is the record plus one reserved map, `_forebay`: the version, and the times at which the record was accepted,
SQS took its message, and the item was put.
"""

from base64 import b64encode
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from records.json_text import Value, text_bytes
from records.limits import WRITE_UNIT_BYTES
from records.numbers import NUMBERS, canonical, number_bytes
from records.times import rfc3339
from records.version import accepted_ms, is_version

AttributeValue: TypeAlias = dict[str, Any]
"""DynamoDB's JSON for one value, as boto3's low-level client takes it: `{"S": "text"}`, `{"N": "1.5"}`, …"""
Item: TypeAlias = dict[str, AttributeValue]

RESERVED_NAME = "_forebay"
VERSION = "version"

CONTAINER_BYTES = 3
ELEMENT_BYTES = 1


@dataclass(frozen=True, slots=True)
class Provenance:
    """What `_forebay` holds: times in RFC 3339 UTC."""

    version: str
    accepted: str
    sqs: str
    ddb: str

    @classmethod
    def of(cls, version: str, sqs_ms: int, ddb_ms: int) -> "Provenance":
        return cls(version, rfc3339(accepted_ms(version)), rfc3339(sqs_ms), rfc3339(ddb_ms))

    def attribute_value(self) -> AttributeValue:
        fields = {VERSION: self.version, "accepted": self.accepted, "sqs": self.sqs, "ddb": self.ddb}
        return {"M": {name: {"S": text} for name, text in fields.items()}}


def to_item(record: dict[str, Value], provenance: Provenance) -> Item:
    item = {name: to_attribute_value(value) for name, value in record.items()}
    item[RESERVED_NAME] = provenance.attribute_value()
    return item


def from_item(item: Item) -> tuple[dict[str, Value], Provenance | None]:
    """The record and its provenance; None for an item that did not come through Forebay, or whose provenance others
    have written: it is no version and times that an HTTP header could hold.
    """
    record = {name: from_attribute_value(value) for name, value in item.items() if name != RESERVED_NAME}
    try:
        fields = {name: value["S"] for name, value in item[RESERVED_NAME]["M"].items()}
        provenance = Provenance(**fields)
    except (KeyError, TypeError):
        return record, None
    plain = all(text.isascii() and text.isprintable() for text in fields.values())
    return record, provenance if plain and is_version(provenance.version) else None


def to_attribute_value(value: Value) -> AttributeValue:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, NUMBERS):
        return {"N": canonical(value)}
    if isinstance(value, list):
        return {"L": [to_attribute_value(element) for element in value]}
    return {"M": {name: to_attribute_value(element) for name, element in value.items()}}


def from_attribute_value(attribute_value: AttributeValue) -> Value:
    """The JSON value. For items that did not come through Forebay: sets become lists, and binary values become base64
    text.
    """
    ((kind, content),) = attribute_value.items()
    match kind:
        case "S" | "BOOL" | "SS":
            value: Value = content
        case "N":
            value = Decimal(content)
        case "NULL":
            value = None
        case "M":
            value = {name: from_attribute_value(element) for name, element in content.items()}
        case "L":
            value = [from_attribute_value(element) for element in content]
        case "NS":
            value = [Decimal(element) for element in content]
        case "B":
            value = b64encode(content).decode()
        case _:
            value = [b64encode(element).decode() for element in content]
    return value


def item_bytes(record: dict[str, Value]) -> int:
    """The size of the record's item in bytes, `_forebay` included.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html, confirmed by
    experiments on AWS's own engine.
    """
    return value_bytes(record) - CONTAINER_BYTES - ELEMENT_BYTES * len(record) + RESERVED_BYTES


def value_bytes(value: Value) -> int:
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, NUMBERS):
        return number_bytes(value)
    size = CONTAINER_BYTES + ELEMENT_BYTES * len(value)
    if isinstance(value, list):
        for element in value:
            size += value_bytes(element)
    else:
        for name, element in value.items():
            size += len(name.encode()) + value_bytes(element)
    return size


def write_units(size: int) -> int:
    """The write units of a put of `size` bytes; when an item is replaced, the larger of the two sizes counts."""
    return -(-size // WRITE_UNIT_BYTES)


# Every value of `_forebay` has a fixed length, so its size is one number.
_RESERVED_SAMPLE = Provenance.of("00000000-0000-7000-8000-000000000000", 0, 0).attribute_value()
RESERVED_BYTES = len(RESERVED_NAME) + value_bytes(from_attribute_value(_RESERVED_SAMPLE))
