"""What a workload makes of the buffer: its backlog, the time to drain it, its greatest age, and what to set. Pure.

A fluid model: records flow in at the workload's rates, and out at the most that table and consumer carry. Between two
events (the burst ends, the credit is used up, the backlog is empty) every rate is constant, so each stretch has a
closed form: nothing is stepped, and nothing depends on a step's size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from records.item import RESERVED_BYTES, write_units
from records.limits import ITEM_BYTES_MAX

RETENTION_SECONDS = 14 * 86_400.0
"""How long the queue keeps a message (template.yaml), which is the most that SQS can."""
CREDIT_SECONDS = 300.0
"""Unused capacity that DynamoDB keeps for bursts, and does not promise:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"""
REQUEST_BYTES_MAX = 6 * 1024 * 1024
REQUEST_RECORDS_MAX = 10_000
"""What the API takes in one request (api/ingest/body.py, api/ingest/parse.py)."""

PUTS_PER_WORKER = 140.0
"""Puts a second of one invocation, at most (docs/settings.md)."""
_WORKER_LOAD = 0.7
"""Share of that which is planned with: two workers are then right up to 200 small records a second, as the docs say."""
WORKERS_MIN, WORKERS_MAX = 2, 1000
BATCH_SIZE_MAX = 10
"""What template.yaml allows."""
INVOCATION_SECONDS = 50.0
"""An invocation waits so long for its turns: the function's timeout less what the drain keeps to stop in time."""
_TABLE_LOAD = 0.8
"""Share of its capacity that an advised table has to carry on average; the rest is what drains backlogs."""


class WorkloadInvalid(ValueError):
    """A workload that cannot be, or that Forebay could not carry: its text says why."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What arrives, and the table that it is for. Raises `WorkloadInvalid`."""

    rate: float
    """Records a second between bursts."""
    burst_rate: float
    """Records a second while a burst lasts, all in all."""
    burst_seconds: float
    period_seconds: float
    """From the start of one burst to the start of the next."""
    record_bytes: int
    """Of a record's JSON text, which is a little longer than its item's share."""
    write_units: int
    """What the table is provisioned for, a second."""
    read_units: int = 5
    records_per_request: int = 1

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault:
            raise WorkloadInvalid(fault)

    @property
    def item_bytes(self) -> int:
        return self.record_bytes + RESERVED_BYTES

    @property
    def units_per_record(self) -> int:
        return write_units(self.item_bytes)

    @property
    def average_rate(self) -> float:
        """Records a second, bursts included."""
        more = (self.burst_rate - self.rate) * self.burst_seconds / self.period_seconds
        return self.rate + more

    @property
    def table_rate(self) -> float:
        """Records a second that the table is provisioned for."""
        return self.write_units / self.units_per_record

    def _fault(self) -> str | None:
        record_bytes_max = ITEM_BYTES_MAX - RESERVED_BYTES
        carried = WORKERS_MAX * PUTS_PER_WORKER
        faults = {
            "a rate must be 0 or more, and a burst's rate more than 0": self.rate < 0 or self.burst_rate <= 0,
            "a burst's rate must not be below the rate between bursts": self.burst_rate < self.rate,
            "a burst must last longer than 0 and end before the next begins": not (
                0 < self.burst_seconds < self.period_seconds
            ),
            f"a record has 1 to {record_bytes_max:,} bytes": not 1 <= self.record_bytes <= record_bytes_max,
            "a table has at least 1 write unit and 1 read unit": min(self.write_units, self.read_units) < 1,
            f"a request holds 1 to {REQUEST_RECORDS_MAX:,} records": not (
                1 <= self.records_per_request <= REQUEST_RECORDS_MAX
            ),
            f"a request holds at most {REQUEST_BYTES_MAX:,} bytes: fewer records in each": (
                self.records_per_request * self.record_bytes > REQUEST_BYTES_MAX
            ),
        }
        for fault, true in faults.items():
            if true:
                return fault
        if self.average_rate > carried:
            return (
                f"{self.average_rate:,.0f} records a second on average are more than the consumer can carry:"
                f" {WORKERS_MAX:,} invocations at {PUTS_PER_WORKER:g} puts a second"
            )
        return None


@dataclass(frozen=True, slots=True)
class Consumer:
    """How the drain is set."""

    workers: int
    batch_size: int
    puts_per_worker: float = PUTS_PER_WORKER


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one burst leaves behind. Records that do not wait are none of it."""

    greatest: float
    """Records, at the worst moment."""
    drain_seconds: float
    """From the end of the burst until nothing waits."""
    greatest_age: float
    """Seconds that the record that waits longest waits, where the queue keeps to the order of arrival."""
    lasts: float
    """Seconds of a period in which something waits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of template.yaml."""

    write_units: int
    workers: int
    batch_size: int


@dataclass(frozen=True, slots=True)
class Plan:
    workload: Workload
    consumer: Consumer
    backlog: Backlog | None
    """Without burst credit; None when it does not drain before the next burst, and so never."""
    backlog_with_credit: Backlog | None
    """The same, where the table has saved up all the credit that it can before each burst."""
    growth: float
    """Records a second that wait for ever, on average; 0 when each burst drains."""
    lost_after: float | None
    """Seconds from the start until the oldest record is older than the queue keeps it; None when that never is."""
    settings: Settings
    """The capacity asked about where it is enough, and otherwise what would be."""

    @property
    def drains(self) -> bool:
        return self.backlog is not None


def plan(workload: Workload, consumer: Consumer | None = None) -> Plan:
    """With the consumer that suits the workload, where none is given."""
    consumer = consumer or consumer_for(workload)
    outflow = _Outflow.of(workload, consumer)
    growth = max(0.0, workload.average_rate - outflow.most(credit=False))
    backlog = with_credit = None
    if not growth:
        backlog = _backlog(workload, outflow)
        saved = CREDIT_SECONDS if workload.rate < workload.table_rate else 0.0
        with_credit = _backlog(workload, _Outflow.of(workload, consumer, saved))
    lost_after = _lost_after(workload, outflow.most(credit=False))
    settings = _settings(workload, enough=lost_after is None)
    return Plan(workload, consumer, backlog, with_credit, growth, lost_after, settings)


def _lost_after(workload: Workload, most: float) -> float | None:
    """What arrives when `rate` has come in for t seconds waits for (rate / most - 1) * t."""
    if (workload.burst_rate / most - 1) * workload.burst_seconds >= RETENTION_SECONDS:
        rate = workload.burst_rate
    elif workload.average_rate > most:
        rate = workload.average_rate
    else:
        return None
    return RETENTION_SECONDS * rate / (rate - most)


def consumer_for(workload: Workload) -> Consumer:
    """What keeps the table busy and costs least.

    As few workers as that takes, since each is paid for while it waits, and a batch that fits into one invocation,
    since what does not is received again.
    """
    needed = min(workload.table_rate, workload.burst_rate) / (PUTS_PER_WORKER * _WORKER_LOAD)
    workers = min(max(math.ceil(needed), WORKERS_MIN), WORKERS_MAX)
    fits = int(INVOCATION_SECONDS * workload.table_rate / workers)
    return Consumer(workers, min(max(fits, 1), BATCH_SIZE_MAX))


def _settings(workload: Workload, *, enough: bool) -> Settings:
    if not enough:
        # The last record of a burst waits for what the burst brought beyond what was put meanwhile.
        in_time = workload.burst_rate * workload.burst_seconds / (RETENTION_SECONDS + workload.burst_seconds)
        rate = max(workload.average_rate, in_time) / _TABLE_LOAD
        workload = replace(workload, write_units=max(1, math.ceil(rate * workload.units_per_record)))
    consumer = consumer_for(workload)
    return Settings(workload.write_units, consumer.workers, consumer.batch_size)


@dataclass(frozen=True, slots=True)
class _Outflow:
    """What can flow out, in records a second; credit is counted in records too."""

    table: float
    carried: float
    credit_max: float

    @classmethod
    def of(cls, workload: Workload, consumer: Consumer, credit_seconds: float = 0.0) -> "_Outflow":
        carried = consumer.workers * consumer.puts_per_worker
        return cls(workload.table_rate, carried, credit_seconds * workload.table_rate)

    def most(self, *, credit: bool) -> float:
        return self.carried if credit else min(self.table, self.carried)


@dataclass(frozen=True, slots=True)
class _Point:
    """A moment at which a rate changes: seconds since the burst began, and records."""

    at: float
    arrived: float
    waiting: float
    credit: float

    @property
    def put(self) -> float:
        return self.arrived - self.waiting


def _backlog(workload: Workload, outflow: _Outflow) -> Backlog:
    """Of one period, which begins with the burst and ends empty, and with all the credit that there was at first."""
    burst = workload.burst_seconds
    points = [_Point(0.0, 0.0, 0.0, outflow.credit_max)]
    for rate, until in ((workload.burst_rate, burst), (workload.rate, workload.period_seconds)):
        while points[-1].at < until:
            points.append(_next(points[-1], rate, until, outflow))
    empty = next((point.at for point in points if point.at >= burst and not point.waiting), workload.period_seconds)
    lasts = sum(after.at - before.at for before, after in pairwise(points) if before.waiting or after.waiting)
    return Backlog(max(point.waiting for point in points), empty - burst, _greatest_age(points), lasts)


def _next(point: _Point, rate: float, until: float, outflow: _Outflow) -> _Point:
    """Where the first rate changes: at the stretch's end, or when the backlog or the credit is used up, or full."""
    most = outflow.most(credit=point.credit > 0)
    put = most if point.waiting else min(rate, most)
    grows = rate - put
    # Of a table without credit nothing is left to lose; a difference would only be one of rounding.
    saves = outflow.table - put if point.credit or put < outflow.table else 0.0
    to_empty = point.waiting / -grows if grows < 0 else math.inf
    to_spent = point.credit / -saves if saves < 0 else math.inf
    room = outflow.credit_max - point.credit
    to_full = room / saves if saves > 0 and room else math.inf
    seconds = min(until - point.at, to_empty, to_spent, to_full)
    credit = point.credit + saves * seconds
    if seconds in (to_spent, to_full):  # to the digit, or a rest of rounding would have to be used up
        credit = 0.0 if seconds == to_spent else outflow.credit_max
    return _Point(
        at=until if seconds == until - point.at else point.at + seconds,
        arrived=point.arrived + rate * seconds,
        waiting=0.0 if seconds == to_empty else max(0.0, point.waiting + grows * seconds),
        credit=min(credit, outflow.credit_max),
    )


def _greatest_age(points: Sequence[_Point]) -> float:
    """The greatest distance in time between the curves of arrivals and of puts.

    Both are straight between points, so it is at a count that one of them has at a point.
    """
    arrived = [(point.at, point.arrived) for point in points]
    put = [(point.at, point.put) for point in points]
    counts = {count for _, count in arrived + put}
    return max(_reached(put, count) - _reached(arrived, count) for count in counts)


def _reached(curve: Sequence[tuple[float, float]], count: float) -> float:
    """When a rising curve of (seconds, count) comes to a count."""
    for (begins, low), (ends, high) in pairwise(curve):
        if count <= low:
            return begins
        if count <= high:
            return begins + (count - low) / (high - low) * (ends - begins)
    return curve[-1][0]
