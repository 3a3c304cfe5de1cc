"""Doubles of what the drain is given: a table and a dead-letter queue that do as told, and remember."""

from consumer.delivery import Delivery
from consumer.table import Put
from records.item import Provenance
from records.record import Record
from records.version import version_of_bare_message

NOW_MS = 1_700_000_009_000


class Table:
    """Holds the newest version of each key; raises the error that `troubles` has for a key."""

    def __init__(self, troubles: dict[str, Exception] | None = None) -> None:
        self.troubles = troubles or {}
        self.records: dict[str, Record] = {}
        self.provenances: dict[str, Provenance] = {}
        self.puts: list[str] = []

    def put(self, record: Record, provenance: Provenance) -> Put:
        self.puts.append(record.key)
        if trouble := self.troubles.get(record.key):
            raise trouble
        there = self.records.get(record.key)
        if there and there.version >= record.version:
            return Put.SUPERSEDED
        self.records[record.key] = record
        self.provenances[record.key] = provenance
        return Put.STORED


class DeadLetterQueue:
    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.letters: list[tuple[str, str]] = []

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool:
        assert detail
        if self.takes:
            self.letters.append((delivery.message_id, reason))
        return self.takes


def delivery(message_id: str, body: str | None = None, sent_ms: int = 1_700_000_000_000) -> Delivery:
    """By default a good record whose id is the message's."""
    version = version_of_bare_message(message_id, sent_ms)
    return Delivery(message_id, body or f'{{"id":"{message_id}"}}', version, sent_ms)
