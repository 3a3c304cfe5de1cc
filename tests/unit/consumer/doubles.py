"""Doubles of the drain's dependencies: a clock, a table and two queues. They record what is done with them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from consumer.backlog import Backlog
from consumer.batch import Pending, read_batch
from consumer.clock import Clock
from consumer.deferral import Deferral
from consumer.delivery import Delivery
from consumer.drain import Drain, DrainDependencies
from consumer.puts import InParallel, Puts, PutTable
from consumer.schedule import Schedule
from consumer.table import Put, TableThrottled, TableUnavailable
from records.item import Provenance
from records.key import KeySchema
from records.validation import Record
from records.version import version_of_bare_message
from telemetry.metrics import METRICS
from telemetry.queue_depth import QueueDepth

NOW_MS = 1_700_000_009_000


class Time:
    """A clock that only the test and slow calls advance. `chance` is every random number: with 1, every jitter is at
    its longest.
    """

    def __init__(self, chance: float | Callable[[], float] = 1.0) -> None:
        self.now = 0.0
        random = chance if callable(chance) else lambda: chance
        self.clock = Clock(now_ms=lambda: NOW_MS + int(self.now * 1000), random=random)


@dataclass
class Table:
    """Holds the newest version of each key, and raises the given errors."""

    errors: dict[str, Exception] = field(default_factory=dict)
    """By key: the error that every put of it raises."""
    errors_once: dict[str, Exception] = field(default_factory=dict)
    """By key: the error that its first put raises."""
    capacity: float = float("inf")
    """So many puts get through; then each is throttled."""
    rates: dict[str, float] = field(default_factory=dict)
    """Write units per second, as `TableWriter.units_per_second` returns them."""
    silent: bool = False
    """It does not report its rates."""
    put_units: dict[str, float] | None = None
    call_seconds: float = 0.0
    time: Time = field(default_factory=Time)
    records: dict[str, Record] = field(default_factory=dict)
    provenances: dict[str, Provenance] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    """When it was asked for its rates."""

    def put(self, record: Record, provenance: Provenance) -> Put:
        self.puts.append(record.key.partition)
        self.time.now += self.call_seconds
        if error := self.errors.get(record.key.partition) or self.errors_once.pop(record.key.partition, None):
            raise error
        if self.capacity < 1:
            raise TableThrottled("slow down")
        self.capacity -= 1
        stored = self.records.get(record.key.partition)
        if stored and stored.version >= record.version:
            return Put(superseded=True, units=None)
        self.records[record.key.partition] = record
        self.provenances[record.key.partition] = provenance
        return Put(superseded=False, units=self.put_units)

    def units_per_second(self) -> dict[str, float]:
        self.asked.append(self.time.now)
        self.time.now += self.call_seconds
        if self.silent:
            raise TableUnavailable("AccessDeniedException")
        return self.rates


class DeadLetterQueue:
    def __init__(self, time: Time, *, takes: bool = True) -> None:
        self.time = time
        self.takes = takes
        self.call_seconds = 0.0
        self.letters: list[tuple[str, str]] = []

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool:
        assert detail
        self.time.now += self.call_seconds
        if self.takes:
            self.letters.append((delivery.message_id, reason))
        return self.takes


class Queue:
    """Records each call, by message id, and when it was made."""

    def __init__(self, time: Time, *, renews: bool = True) -> None:
        self.time = time
        self.renews = renews
        self.call_seconds = 0.0
        self.depth_now: QueueDepth | None = QueueDepth(visible=0, delayed=0, in_flight=0)
        """None: SQS does not answer."""
        self.asked: list[float] = []
        """When it was asked for its depth."""
        self.hidden: dict[str, int] = {}
        self.hides: list[list[str]] = []
        """The messages of each call."""
        self.renewed: dict[str, int] = {}
        self.deleted: list[str] = []

    def depth(self) -> QueueDepth | None:
        self.asked.append(self.time.now)
        self.time.now += self.call_seconds
        return self.depth_now

    def hide(self, delays: Sequence[tuple[Delivery, int]]) -> None:
        assert delays
        self.time.now += self.call_seconds
        assert all(1 <= seconds < 43_200 for _, seconds in delays)
        self.hides.append([each.message_id for each, _ in delays])
        self.hidden.update({each.message_id: seconds for each, seconds in delays})

    def renew(self, delivery: Delivery, delay: int) -> bool:
        assert 0 <= delay <= 900
        self.time.now += self.call_seconds
        if self.renews:
            self.renewed[delivery.message_id] = delay
        return self.renews

    def delete(self, delivery: Delivery) -> None:
        self.time.now += self.call_seconds
        self.deleted.append(delivery.message_id)


class Consumer:
    """The drain with its doubles: a cold environment. `counts` has every metric but `write_units`."""

    def __init__(
        self,
        table: Table | None = None,
        *,
        depth: QueueDepth | None = None,
        dead_letters_taken: bool = True,
        renews: bool = True,
        chance: float | Callable[[], float] = 1.0,
        key: str = "id:S",
        workers: int = 2,
        in_parallel: InParallel = map,
    ) -> None:
        self.time = Time(chance)
        self.table = table or Table()
        self.table.time = self.time
        self.dead = DeadLetterQueue(self.time, takes=dead_letters_taken)
        self.queue = Queue(self.time, renews=renews)
        self.queue.depth_now = depth or self.queue.depth_now
        self.counts: Counter[str] = Counter()
        self.write_units = 0.0
        self.freshness: list[float] = []
        clock = self.time.clock
        self.backlog = Backlog(self.queue, self.table, lambda: self.time.now, workers)
        self.dependencies = DrainDependencies(
            puts=Puts(self.table, self.backlog, clock, in_parallel, self._count, self._measure),
            deferral=Deferral(self.backlog, Schedule(clock.random), clock),
            queue=self.queue,
            dead_letters=self.dead,
            key_schema=KeySchema.read(key),
            clock=clock,
            count=self._count,
        )

    def drain(self, *deliveries: Delivery, seconds: float = 60.0) -> list[str]:
        """Drains a batch in an invocation of so many seconds. Returns the ids of the messages that return."""
        ends = self.time.now + seconds
        policy = Drain(self.dependencies, lambda: int((ends - self.time.now) * 1000))
        return [each.message_id for each in policy.drain(deliveries)]

    def dependencies_with(self, table: PutTable) -> DrainDependencies:
        """The same, but the puts go to this table."""
        return replace(self.dependencies, puts=replace(self.dependencies.puts, table=table))

    def _measure(self, name: str, value: float) -> None:
        assert name == "freshness"
        self.freshness.append(value)

    def _count(self, name: str, number: float) -> None:
        assert name in METRICS
        if name == "write_units":
            self.write_units += number
        else:
            self.counts[name] += int(number)


def delivery(
    message_id: str,
    body: str | None = None,
    sent_ms: int = 1_700_000_000_000,
    *,
    receives: int = 1,
    first_received_ms: int = NOW_MS,
) -> Delivery:
    """By default of a valid record whose id is the message id, received for the first time at `NOW_MS`."""
    version = version_of_bare_message(message_id, sent_ms)
    text = f'{{"id":"{message_id}"}}' if body is None else body
    return Delivery(message_id, f"handle of {message_id}", text, version, sent_ms, receives, first_received_ms)


def batch(
    names: Sequence[str], receives: int = 1, waited_seconds: float = 0.0, now: float = 0.0, pad: int = 0
) -> list[Delivery]:
    """A message for each name, the oldest first, whose first receive was so long before `now`. `pad`: bytes of each."""
    first = NOW_MS + round((now - waited_seconds) * 1000)
    return [
        delivery(
            name,
            f'{{"id":"{name}","pad":"{"x" * pad}"}}',
            NOW_MS + n,
            receives=receives,
            first_received_ms=first,
        )
        for n, name in enumerate(names)
    ]


def pending(deliveries: Sequence[Delivery]) -> list[Pending]:
    """As the drain reads them, for a table whose key is `id`."""
    puts, rejected = read_batch(deliveries, KeySchema.read("id:S"))
    assert not rejected
    return puts


class Context:
    """The remaining time never decreases."""

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
