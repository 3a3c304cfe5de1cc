"""Plans a buffer for a workload: the backlog, the time to drain it, its greatest age, and the parameters. Pure.

A fluid model: records flow in at the workload's rates, and out as fast as the table and the consumer allow. Between two
events (the burst ends, the credit is used up, the backlog is empty) every rate is constant, so each interval is
computed exactly, without time steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from records.item import RESERVED_BYTES, write_units
from records.limits import ITEM_BYTES_MAX

RETENTION_SECONDS = 14 * 86_400.0
"""How long the queue keeps a message (template.yaml): SQS's maximum."""
CREDIT_SECONDS = 300.0
"""Unused capacity that DynamoDB keeps for bursts, without a guarantee:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"""
REQUEST_BYTES_MAX = 6 * 1024 * 1024
REQUEST_RECORDS_MAX = 10_000
"""The API's limits for one request (api/ingest/body.py, api/ingest/parse.py)."""

PUTS_PER_WORKER = 140.0
"""The most puts per second of one invocation (docs/settings.md)."""
_WORKER_LOAD = 0.7
"""The share of these puts that a plan relies on: two workers are then enough for 200 small records a second, as the
docs say."""
WORKERS_MIN, WORKERS_MAX = 2, 1000
BATCH_SIZE_MAX = 10
"""The limits in template.yaml."""
INVOCATION_SECONDS = 50.0
"""How long an invocation may put records: the function's timeout less the time that the drain needs to stop."""
_TABLE_LOAD = 0.8
"""The share of its capacity that an advised table uses on average; the rest is there to drain backlogs."""


class WorkloadInvalid(ValueError):
    """An impossible workload, or one that is too much for Forebay: its text says why."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What arrives, and the table's capacity. Raises `WorkloadInvalid`."""

    rate: float
    """Records a second between bursts."""
    burst_rate: float
    """Records a second during a burst, in total."""
    burst_seconds: float
    period_seconds: float
    """From the start of one burst to the start of the next."""
    record_bytes: int
    """Bytes of a record's JSON text, which is a little longer than its item without `_forebay`."""
    write_units: int
    """The table's provisioned write units per second."""
    read_units: int = 5
    records_per_request: int = 1

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise WorkloadInvalid(problem)

    @property
    def item_bytes(self) -> int:
        return self.record_bytes + RESERVED_BYTES

    @property
    def units_per_record(self) -> int:
        return write_units(self.item_bytes)

    @property
    def average_rate(self) -> float:
        """Records a second, bursts included."""
        added_by_bursts = (self.burst_rate - self.rate) * self.burst_seconds / self.period_seconds
        return self.rate + added_by_bursts

    @property
    def table_rate(self) -> float:
        """Records a second that the table is provisioned for."""
        return self.write_units / self.units_per_record

    def _problem(self) -> str | None:
        record_bytes_max = ITEM_BYTES_MAX - RESERVED_BYTES
        consumer_rate_max = WORKERS_MAX * PUTS_PER_WORKER
        problems = {
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
        for problem, exists in problems.items():
            if exists:
                return problem
        if self.average_rate > consumer_rate_max:
            return (
                f"{self.average_rate:,.0f} records a second on average are more than the consumer can put:"
                f" {WORKERS_MAX:,} invocations at {PUTS_PER_WORKER:g} puts a second"
            )
        return None


@dataclass(frozen=True, slots=True)
class Consumer:
    """The consumer's parameters, and how fast its workers are."""

    workers: int
    batch_size: int
    puts_per_worker: float = PUTS_PER_WORKER


@dataclass(frozen=True, slots=True)
class Backlog:
    """The backlog after one burst: records that have to wait."""

    greatest: float
    """The largest number of records that wait at one time."""
    drain_seconds: float
    """From the end of the burst until nothing waits."""
    greatest_age: float
    """The longest time that a record waits, in seconds, if the queue keeps the order of arrival."""
    lasts: float
    """Seconds of a period in which records wait."""


@dataclass(frozen=True, slots=True)
class AdvisedParameters:
    """Parameters of template.yaml."""

    write_units: int
    workers: int
    batch_size: int


@dataclass(frozen=True, slots=True)
class Plan:
    workload: Workload
    consumer: Consumer
    backlog: Backlog | None
    """Without burst credit; None when it does not drain before the next burst, and so never drains."""
    backlog_with_credit: Backlog | None
    """The same, if the table has all its burst credit before each burst."""
    growth: float
    """Average growth of the backlog in records a second; 0 when each burst drains."""
    lost_after: float | None
    """Seconds from the start until SQS deletes the first record because of its age; None when that never happens."""
    advised: AdvisedParameters
    """With the workload's own capacity if it is enough, and otherwise with one that would be."""

    @property
    def drains(self) -> bool:
        return self.backlog is not None


def plan(workload: Workload, consumer: Consumer | None = None) -> Plan:
    """By default for the consumer that suits the workload."""
    consumer = consumer or consumer_for(workload)
    outflow = _Outflow.of(workload, consumer)
    growth = max(0.0, workload.average_rate - outflow.rate_max(credit=False))
    backlog = with_credit = None
    if not growth:
        backlog = _backlog(workload, outflow)
        saved = CREDIT_SECONDS if workload.rate < workload.table_rate else 0.0
        with_credit = _backlog(workload, _Outflow.of(workload, consumer, saved))
    lost_after = _lost_after(workload, outflow.rate_max(credit=False))
    advised = _advised(workload, enough=lost_after is None)
    return Plan(workload, consumer, backlog, with_credit, growth, lost_after, advised)


def _lost_after(workload: Workload, outflow_rate: float) -> float | None:
    """A record that arrives after t seconds at `rate` waits for (rate / outflow_rate - 1) * t seconds."""
    if (workload.burst_rate / outflow_rate - 1) * workload.burst_seconds >= RETENTION_SECONDS:
        rate = workload.burst_rate
    elif workload.average_rate > outflow_rate:
        rate = workload.average_rate
    else:
        return None
    return RETENTION_SECONDS * rate / (rate - outflow_rate)


def consumer_for(workload: Workload) -> Consumer:
    """The cheapest consumer that keeps the table busy.

    It has as few workers as possible, because each is paid for while it waits, and a batch that one invocation can put,
    because the rest of a larger one would be received again.
    """
    needed = min(workload.table_rate, workload.burst_rate) / (PUTS_PER_WORKER * _WORKER_LOAD)
    workers = min(max(math.ceil(needed), WORKERS_MIN), WORKERS_MAX)
    fits = int(INVOCATION_SECONDS * workload.table_rate / workers)
    return Consumer(workers, min(max(fits, 1), BATCH_SIZE_MAX))


def _advised(workload: Workload, *, enough: bool) -> AdvisedParameters:
    if not enough:
        # The last record of a burst waits for all that arrived in the burst and was not put during it.
        in_time = workload.burst_rate * workload.burst_seconds / (RETENTION_SECONDS + workload.burst_seconds)
        rate = max(workload.average_rate, in_time) / _TABLE_LOAD
        workload = replace(workload, write_units=max(1, math.ceil(rate * workload.units_per_record)))
    consumer = consumer_for(workload)
    return AdvisedParameters(workload.write_units, consumer.workers, consumer.batch_size)


@dataclass(frozen=True, slots=True)
class _Outflow:
    """The rates at which records can flow out, in records a second; credit is counted in records."""

    table: float
    consumer: float
    credit_max: float

    @classmethod
    def of(cls, workload: Workload, consumer: Consumer, credit_seconds: float = 0.0) -> "_Outflow":
        consumer_rate = consumer.workers * consumer.puts_per_worker
        return cls(workload.table_rate, consumer_rate, credit_seconds * workload.table_rate)

    def rate_max(self, *, credit: bool) -> float:
        return self.consumer if credit else min(self.table, self.consumer)


@dataclass(frozen=True, slots=True)
class _Point:
    """The state at a moment when a rate changes: seconds since the burst began, and numbers of records."""

    at: float
    arrived: float
    waiting: float
    credit: float

    @property
    def put(self) -> float:
        return self.arrived - self.waiting


def _backlog(workload: Workload, outflow: _Outflow) -> Backlog:
    """The backlog of one period. It begins with the burst and all the credit, and ends with no backlog."""
    burst = workload.burst_seconds
    points = [_Point(0.0, 0.0, 0.0, outflow.credit_max)]
    for rate, until in ((workload.burst_rate, burst), (workload.rate, workload.period_seconds)):
        while points[-1].at < until:
            points.append(_next(points[-1], rate, until, outflow))
    empty = next((point.at for point in points if point.at >= burst and not point.waiting), workload.period_seconds)
    lasts = sum(after.at - before.at for before, after in pairwise(points) if before.waiting or after.waiting)
    return Backlog(max(point.waiting for point in points), empty - burst, _greatest_age(points), lasts)


def _next(point: _Point, rate: float, until: float, outflow: _Outflow) -> _Point:
    """The next moment when a rate changes: `until`, or when the backlog is empty, or the credit is empty or full."""
    rate_max = outflow.rate_max(credit=point.credit > 0)
    put = rate_max if point.waiting else min(rate, rate_max)
    backlog_growth = rate - put
    # Without credit, a put rate above the table's can only be a rounding error.
    credit_growth = outflow.table - put if point.credit or put < outflow.table else 0.0
    to_empty = point.waiting / -backlog_growth if backlog_growth < 0 else math.inf
    to_spent = point.credit / -credit_growth if credit_growth < 0 else math.inf
    missing_credit = outflow.credit_max - point.credit
    to_full = missing_credit / credit_growth if credit_growth > 0 and missing_credit else math.inf
    seconds = min(until - point.at, to_empty, to_spent, to_full)
    credit = point.credit + credit_growth * seconds
    if seconds in (to_spent, to_full):  # set exactly, so that no rounding error remains as credit
        credit = 0.0 if seconds == to_spent else outflow.credit_max
    return _Point(
        at=until if seconds == until - point.at else point.at + seconds,
        arrived=point.arrived + rate * seconds,
        waiting=0.0 if seconds == to_empty else max(0.0, point.waiting + backlog_growth * seconds),
        credit=min(credit, outflow.credit_max),
    )


def _greatest_age(points: Sequence[_Point]) -> float:
    """The greatest distance in time between the curve of arrivals and the curve of puts.

    Both are straight between points, so the greatest distance is at a count that one of them has at a point.
    """
    arrived = [(point.at, point.arrived) for point in points]
    put = [(point.at, point.put) for point in points]
    counts = {count for _, count in arrived + put}
    return max(_reached(put, count) - _reached(arrived, count) for count in counts)


def _reached(curve: Sequence[tuple[float, float]], count: float) -> float:
    """When a rising curve of (seconds, count) reaches a count."""
    for (begins, low), (ends, high) in pairwise(curve):
        if count <= low:
            return begins
        if count <= high:
            return begins + (count - low) / (high - low) * (ends - begins)
    return curve[-1][0]
