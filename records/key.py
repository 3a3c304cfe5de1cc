"""The key schema of the table: which attributes of a record are its key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html#HowItWorks.CoreComponents.PrimaryKey
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from records.errors import KEY_INVALID, TextMalformed, Violation
from records.json_text import Value, parse
from records.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from records.numbers import NUMBERS, canonical, number_violation

Kind = Literal["S", "N"]
"""DynamoDB's types of key attributes, except binary, which JSON does not have."""


class Key(NamedTuple):
    """A record's key as text: strings as they are, numbers canonical, so that equal keys have equal text."""

    partition: str
    sort: str | None = None

    def members(self) -> dict[str, str]:
        """The members of a receipt, and the parameters of `GET /records/{id}`."""
        return {"id": self.partition} if self.sort is None else {"id": self.partition, "sort": self.sort}


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    name: str
    kind: Kind
    bytes_max: int
    """The length limit of a string, in UTF-8 bytes."""

    def text(self, record: dict[str, Value]) -> str:
        """The attribute's text in a valid record."""
        value = record[self.name]
        return value if isinstance(value, str) else canonical(_number(value))

    def violation(self, record: dict[str, Value]) -> Violation | None:
        value = record.get(self.name)
        if self.kind == "S":
            if isinstance(value, str) and 1 <= len(value.encode()) <= self.bytes_max:
                return None
            detail = f"{self.name} is a string of 1 to {self.bytes_max} UTF-8 bytes"
        else:
            # `records.validation` checks the range and the precision of every number.
            if isinstance(value, NUMBERS) and not isinstance(value, bool):
                return None
            detail = f"{self.name} is a number"
        return Violation(f"/{self.name.replace('~', '~0').replace('/', '~1')}", KEY_INVALID, detail)

    def attribute_value(self, text: str) -> dict[str, str] | None:
        """The key attribute with this text; None where no valid record has that key."""
        if self.kind == "S":
            return None if self.violation({self.name: text}) else {"S": text}
        try:
            value = parse(text.encode())
        except TextMalformed:
            return None
        if self.violation({self.name: value}) or number_violation(_number(value)):
            return None
        return {"N": canonical(_number(value))}


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The table's partition key, by default the string `id`, and its sort key if it has one."""

    partition: KeyAttribute = KeyAttribute("id", "S", PARTITION_KEY_BYTES_MAX)
    sort: KeyAttribute | None = None

    @classmethod
    def read(cls, text: str) -> "KeySchema":
        """Reads `id:S` or `device:S,time:N`: names and types, the partition key first. Raises `ValueError`."""
        attributes = [part.rpartition(":") for part in text.split(",")]
        names = [name for name, _, kind in attributes if name and kind in {"S", "N"}]
        if len(names) != len(attributes) or len(set(names)) not in {1, 2} or len(names) != len(set(names)):
            raise ValueError(f"a key is name:S or name:N, or two of them with a comma between, not {text!r}")
        limits = (PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX)
        key_attributes = [
            KeyAttribute(name, "S" if kind == "S" else "N", limit)
            for (name, _, kind), limit in zip(attributes, limits, strict=False)
        ]
        return cls(*key_attributes)

    def of(self, record: dict[str, Value]) -> Key:
        """The key of a valid record."""
        return Key(self.partition.text(record), self.sort.text(record) if self.sort else None)

    def fill(self, record: dict[str, Value], key: str) -> None:
        """Sets this key in a record that has none, if the key is a single string: no other key can be generated."""
        if self.sort is None and self.partition.kind == "S":
            record.setdefault(self.partition.name, key)

    def violations(self, record: dict[str, Value]) -> list[Violation]:
        found = [self.partition.violation(record), self.sort.violation(record) if self.sort else None]
        return [violation for violation in found if violation]

    def attribute_values(self, key: Key) -> dict[str, dict[str, str]] | None:
        """The key as GetItem takes it; None where no item can have this key."""
        partition = self.partition.attribute_value(key.partition)
        if self.sort is None:
            return {self.partition.name: partition} if partition and key.sort is None else None
        sort = None if key.sort is None else self.sort.attribute_value(key.sort)
        return {self.partition.name: partition, self.sort.name: sort} if partition and sort else None


def _number(value: Value) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        raise TypeError("a key is a string or a number")
    return value
