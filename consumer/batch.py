"""A batch as pending puts: the newest version of each key, and the messages that can never be put."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consumer.delivery import Delivery
from records.item import RESERVED_BYTES, write_units
from records.key import Key, KeySchema
from records.message import MessageUnreadable, read_message
from records.validation import Record


@dataclass(slots=True)
class Pending:
    """The newest version of one key in a batch, and every delivery that is done once it is put."""

    record: Record
    newest: Delivery
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def receives(self) -> int:
        """The greatest number of receives of its messages."""
        return max(delivery.receives for delivery in self.deliveries)

    @property
    def first_received_ms(self) -> int:
        """When SQS delivered the first of its messages for the first time, in Unix milliseconds."""
        return min(delivery.first_received_ms for delivery in self.deliveries)

    @property
    def units(self) -> int:
        """An estimate of the put's write units: the text is about as long as the item."""
        return write_units(len(self.newest.body) + RESERVED_BYTES)


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that can never be put: the reason is an error code, the detail is for people."""

    delivery: Delivery
    reason: str
    detail: str


def read_batch(deliveries: Iterable[Delivery], key_schema: KeySchema) -> tuple[list[Pending], list[RejectedMessage]]:
    """One pending put for each key, and the messages that cannot be read.

    The oldest record comes first, because there may be capacity for only some of them.
    """
    pending: dict[Key, Pending] = {}
    rejected: list[RejectedMessage] = []
    for delivery in deliveries:
        try:
            record = read_message(delivery.body, delivery.version, delivery.message_id, delivery.sent_ms, key_schema)
        except MessageUnreadable as error:
            rejected.append(RejectedMessage(delivery, error.reason, error.detail))
            continue
        put = pending.setdefault(record.key, Pending(record, delivery))
        put.deliveries.append(delivery)
        if record.version > put.record.version:
            put.record, put.newest = record, delivery
    return sorted(pending.values(), key=lambda put: put.record.version), rejected
