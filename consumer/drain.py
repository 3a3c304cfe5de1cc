"""The drain's policy: which messages of a batch are done with, and which go back to the queue.

Pure: the clock, the table and the dead-letter queue are passed in.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from consumer.delivery import Delivery
from consumer.table import Put, PutRefused, TableThrottled, TableUnavailable
from records.item import Provenance
from records.key import KeySchema
from records.message import MessageUnreadable, read_message
from records.record import Record

log = logging.getLogger(__name__)

STOP_MS = 4000
"""Time left to the invocation at which no further put begins: one put may take its client's timeouts."""


class Table(Protocol):
    def put(self, record: Record, provenance: Provenance) -> Put: ...


class DeadLetterQueue(Protocol):
    def send(self, delivery: Delivery, reason: str, detail: str) -> bool: ...


@dataclass(slots=True)
class _Pending:
    """The newest version of one key in a batch, and every delivery that its put settles."""

    record: Record
    newest: Delivery
    deliveries: list[Delivery] = field(default_factory=list)


_Bad: TypeAlias = tuple[Delivery, str, str]
"""A delivery that can never be put, with its reason and detail."""


class Drain:
    def __init__(
        self, table: Table, dead_letters: DeadLetterQueue, key_schema: KeySchema, now_ms: Callable[[], int]
    ) -> None:
        self._table = table
        self._dead_letters = dead_letters
        self._key_schema = key_schema
        self._now_ms = now_ms

    def drain(self, deliveries: Sequence[Delivery], time_left_ms: Callable[[], int]) -> list[Delivery]:
        """Puts the batch's records and returns the deliveries that belong back on the queue.

        Everything else is in the table, superseded there by a newer version, or in the dead-letter queue.
        """
        waiting, bad = self._read(deliveries)
        while waiting and time_left_ms() > STOP_MS:
            each = waiting[0]
            try:
                self._table.put(each.record, self._provenance(each))
            except (TableThrottled, TableUnavailable) as error:
                log.warning("put_stopped", extra={"error": error.code, "cause": str(error), "left": len(waiting)})
                break
            except PutRefused as error:
                bad += [(delivery, error.code, str(error)) for delivery in each.deliveries]
            waiting.pop(0)
        back = [delivery for each in waiting for delivery in each.deliveries]
        # After the puts, so that a dead-letter queue that does not answer keeps no good record waiting.
        for delivery, reason, detail in bad:
            if time_left_ms() <= STOP_MS or not self._dead_letters.send(delivery, reason, detail):
                back.append(delivery)
        return back

    def _read(self, deliveries: Iterable[Delivery]) -> tuple[list[_Pending], list[_Bad]]:
        """One pending put per key, the oldest first, as there may be room for some only; and what cannot be read."""
        pending: dict[str, _Pending] = {}
        bad: list[_Bad] = []
        for delivery in deliveries:
            try:
                record = read_message(
                    delivery.body, delivery.version, delivery.message_id, delivery.sent_ms, self._key_schema
                )
            except MessageUnreadable as error:
                bad.append((delivery, error.reason, error.detail))
                continue
            each = pending.setdefault(record.key, _Pending(record, delivery))
            each.deliveries.append(delivery)
            if record.version > each.record.version:
                each.record, each.newest = record, delivery
        return sorted(pending.values(), key=lambda each: each.record.version), bad

    def _provenance(self, each: _Pending) -> Provenance:
        return Provenance.of(each.record.version, each.newest.sent_ms, self._now_ms())
