"""Doubles of the drain's dependencies: a clock, a table and two queues. They record what is done with them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from consumer.clock import Clock
from consumer.delivery import Delivery
from consumer.drain import Drain, DrainDependencies
from consumer.pace import Pace
from consumer.paced_table import PacedTable
from consumer.table import Put, TableThrottled, TableUnavailable
from records.item import Provenance
from records.key import KeySchema
from records.validation import Record
from records.version import version_of_bare_message
from telemetry.metrics import METRICS

NOW_MS = 1_700_000_009_000


class Time:
    """A clock that only sleeps advance. `chance` is every random number: with 1, every jitter is at its longest."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 0.0
        self.clock = Clock(
            now_ms=lambda: NOW_MS + int(self.now * 1000),
            monotonic=lambda: self.now,
            sleep=self._sleep,
            random=lambda: chance,
        )

    def _sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@dataclass
class Table:
    """Holds the newest version of each key, and raises the given errors."""

    errors: dict[str, Exception] = field(default_factory=dict)
    """By key: the error that every put of it raises."""
    errors_once: dict[str, Exception] = field(default_factory=dict)
    """By key: the error that its first put raises."""
    full_until: float = -1.0
    """Throttles every put until then."""
    units_per_second: float | None = None
    silent: bool = False
    """It does not report its rate."""
    put_units: float | None = None
    time: Time = field(default_factory=Time)
    records: dict[str, Record] = field(default_factory=dict)
    provenances: dict[str, Provenance] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)

    def put(self, record: Record, provenance: Provenance) -> Put:
        self.puts.append(record.key.partition)
        self.began.append(self.time.now)
        if error := self.errors.get(record.key.partition) or self.errors_once.pop(record.key.partition, None):
            raise error
        if self.time.now < self.full_until:
            raise TableThrottled("slow down")
        stored = self.records.get(record.key.partition)
        if stored and stored.version >= record.version:
            return Put(superseded=True, units=None)
        self.records[record.key.partition] = record
        self.provenances[record.key.partition] = provenance
        return Put(superseded=False, units=self.put_units)

    def write_units_per_second(self) -> float | None:
        self.asked.append(self.time.now)
        if self.silent:
            raise TableUnavailable("AccessDeniedException")
        return self.units_per_second


class DeadLetterQueue:
    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.letters: list[tuple[str, str]] = []

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool:
        assert detail
        if self.takes:
            self.letters.append((delivery.message_id, reason))
        return self.takes


class Queue:
    """Records each call, by message id, and when it was made."""

    def __init__(self, time: Time, *, renews: bool = True) -> None:
        self.time = time
        self.renews = renews
        self.hidden: dict[str, int] = {}
        self.hidden_at: dict[str, float] = {}
        self.renewed: dict[str, int] = {}
        self.deleted: list[str] = []

    def hide(self, delays: Sequence[tuple[Delivery, int]]) -> None:
        assert 1 <= len(delays) <= 10
        self.hidden.update({each.message_id: seconds for each, seconds in delays})
        self.hidden_at.update({each.message_id: self.time.now for each, _ in delays})

    def renew(self, delivery: Delivery, delay: int) -> bool:
        if self.renews:
            self.renewed[delivery.message_id] = delay
        return self.renews

    def delete(self, delivery: Delivery) -> None:
        self.deleted.append(delivery.message_id)


class Consumer:
    """The drain with its doubles. `counts` has every metric but `write_units`."""

    def __init__(
        self,
        table: Table | None = None,
        *,
        dead_letters_taken: bool = True,
        renews: bool = True,
        chance: float = 1.0,
        key: str = "id:S",
    ) -> None:
        self.time = Time(chance)
        self.table = table or Table()
        self.table.time = self.time
        self.dead = DeadLetterQueue(takes=dead_letters_taken)
        self.queue = Queue(self.time, renews=renews)
        self.counts: Counter[str] = Counter()
        self.write_units = 0.0
        clock = self.time.clock
        self.dependencies = DrainDependencies(
            table=PacedTable(self.table, Pace(2, clock.random), clock, self._count),
            queue=self.queue,
            dead_letters=self.dead,
            key_schema=KeySchema.read(key),
            clock=clock,
            count=self._count,
        )

    def drain(self, *deliveries: Delivery, seconds: float = 60.0) -> list[str]:
        """Drains a batch in an invocation of so many seconds. Returns the ids of the messages that go back."""
        ends = self.time.now + seconds
        policy = Drain(self.dependencies, lambda: int((ends - self.time.now) * 1000))
        return [each.message_id for each in policy.drain(deliveries)]

    def _count(self, name: str, number: float) -> None:
        assert name in METRICS
        if name == "write_units":
            self.write_units += number
        else:
            self.counts[name] += int(number)


def delivery(
    message_id: str, body: str | None = None, sent_ms: int = 1_700_000_000_000, *, receives: int = 1
) -> Delivery:
    """By default of a valid record whose id is the message id."""
    version = version_of_bare_message(message_id, sent_ms)
    text = f'{{"id":"{message_id}"}}' if body is None else body
    return Delivery(message_id, f"handle of {message_id}", text, version, sent_ms, receives)


class Context:
    """The remaining time never decreases, so the drain has to stop by the clock."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def sqs_record(message_id: str, body: str, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """As Lambda delivers it: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "7",
            "SentTimestamp": "1700000000000",
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": "1700000000001",
        },
        "messageAttributes": attributes or {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:RecordQueue",
        "awsRegion": "us-east-1",
    }
