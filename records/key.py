"""The key schema of the table: which attributes of a record are its key."""

from dataclasses import dataclass

from records.faults import KEY_INVALID, Fault
from records.limits import PARTITION_KEY_BYTES_MAX
from records.text import Value


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The table's key: one string attribute, by default `id`."""

    partition: str = "id"

    def of(self, record: dict[str, Value]) -> str:
        """The key of a record that has no faults."""
        key = record[self.partition]
        if not isinstance(key, str):
            raise TypeError(f"{self.partition} is not a string")
        return key

    def fill(self, record: dict[str, Value], key: str) -> None:
        """Gives a record that came without a key this one."""
        record.setdefault(self.partition, key)

    def fault(self, record: dict[str, Value]) -> Fault | None:
        key = record.get(self.partition)
        if isinstance(key, str) and 1 <= len(key.encode()) <= PARTITION_KEY_BYTES_MAX:
            return None
        return Fault(
            f"/{self.partition}",
            KEY_INVALID,
            f"{self.partition} is a string of 1 to {PARTITION_KEY_BYTES_MAX} UTF-8 bytes",
        )
