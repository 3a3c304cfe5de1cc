"""A batch as puts to do: the newest version of each key, and what can never be put."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consumer.delivery import Delivery
from records.item import RESERVED_BYTES, write_units
from records.key import Key, KeySchema
from records.message import MessageUnreadable, read_message
from records.validation import Record


@dataclass(slots=True)
class Pending:
    """The newest version of one key in a batch, and every delivery that its put settles."""

    record: Record
    newest: Delivery
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def units(self) -> int:
        """About the write units of its put: the text's length is near the item's."""
        return write_units(len(self.newest.body) + RESERVED_BYTES)


@dataclass(frozen=True, slots=True)
class Bad:
    """A delivery that can never be put."""

    delivery: Delivery
    reason: str
    detail: str


def read(deliveries: Iterable[Delivery], key_schema: KeySchema) -> tuple[list[Pending], list[Bad]]:
    """One pending put per key, the oldest first, as there may be room for some only; and what cannot be read."""
    pending: dict[Key, Pending] = {}
    bad: list[Bad] = []
    for delivery in deliveries:
        try:
            record = read_message(delivery.body, delivery.version, delivery.message_id, delivery.sent_ms, key_schema)
        except MessageUnreadable as error:
            bad.append(Bad(delivery, error.reason, error.detail))
            continue
        each = pending.setdefault(record.key, Pending(record, delivery))
        each.deliveries.append(delivery)
        if record.version > each.record.version:
            each.record, each.newest = record, delivery
    return sorted(pending.values(), key=lambda each: each.record.version), bad
