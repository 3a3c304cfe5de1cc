"""Plans a buffer for a workload: the backlog, the time to drain it, its greatest age, and the parameters. Pure.

A fluid model: records flow in at the workload's rates, and out as fast as the table and the consumer allow. Between two
events (the burst ends, the credit is used up, the backlog is empty) every rate is constant, so each interval is
computed exactly, without time steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from ops.workload import MEMORY_MB, WORKERS_MAX, WORKERS_MIN, Consumer, Workload, WorkloadInvalid, puts_per_worker

RETENTION_SECONDS = 14 * 86_400.0
"""How long the queue keeps a message (template.yaml): SQS's maximum."""
CREDIT_SECONDS = 300.0
"""Unused capacity that DynamoDB keeps for bursts, without a guarantee:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html"""
_WORKER_LOAD = 0.7
"""The share of a worker's puts that a plan relies on."""
_TABLE_LOAD = 0.8
"""The share of its capacity that an advised table uses on average; the rest is there to drain backlogs."""


@dataclass(frozen=True, slots=True)
class PlannedBacklog:
    """The backlog after one burst: records that have to wait."""

    greatest: float
    """The largest number of records that wait at one time."""
    drain_seconds: float
    """From the end of the burst until nothing waits."""
    greatest_age: float
    """The longest time that a record waits, in seconds, if the queue keeps the order of arrival."""
    lasts: float
    """Seconds of a period in which records wait."""
    deferred_in_burst: float
    """Records that arrive during the burst while others wait."""
    deferred_after: float
    """The same after the burst."""


class Waiting(NamedTuple):
    """A moment of a backlog. Between two of them the number of records changes evenly."""

    seconds: float
    """Since the burst began."""
    records: float


@dataclass(frozen=True, slots=True)
class AdvisedParameters:
    """Parameters of template.yaml."""

    write_units: int
    workers: int


@dataclass(frozen=True, slots=True)
class Plan:
    workload: Workload
    consumer: Consumer
    backlog: PlannedBacklog | None
    """Without burst credit; None when it does not drain before the next burst, and so never drains."""
    backlog_with_credit: PlannedBacklog | None
    """The same, if the table has all its burst credit before each burst."""
    growth: float
    """Average growth of the backlog in records a second; 0 when each burst drains."""
    first_period: tuple[Waiting, ...]
    """The records that wait from one burst to the next, without burst credit, if none waited before."""
    first_period_with_credit: tuple[Waiting, ...]
    lost_after: float | None
    """Seconds from the start until a record would wait for longer than SQS keeps it; None when that never happens."""
    advised: AdvisedParameters
    """With the workload's own capacity if it is enough, and otherwise with one that would be."""

    @property
    def drains(self) -> bool:
        return self.backlog is not None

    @property
    def used(self) -> float:
        """The average share of the table's capacity; above 1, it never drains."""
        return self.workload.average_rate / self.workload.table_rate

    @property
    def has_fewest_units(self) -> bool:
        """Whether the table is the smallest with room to spare."""
        return self.workload.write_units == write_units_with_room(self.workload)

    @property
    def keeps_all(self) -> bool:
        """Whether no record waits for so long that SQS may delete it. What never drains does not."""
        return self.lost_after is None


def plan(workload: Workload, consumer: Consumer | None = None) -> Plan:
    """By default for the consumer that suits the workload. Raises `WorkloadInvalid`, as `consumer_for` does."""
    consumer = consumer or consumer_for(workload)
    outflow = _Outflow.of(workload, consumer)
    saved = CREDIT_SECONDS if workload.rate < workload.table_rate else 0.0
    points = _points(workload, outflow)
    points_with_credit = _points(workload, _Outflow.of(workload, consumer, saved))
    growth = max(0.0, workload.average_rate - outflow.rate_max(credit=False))
    lost_after = _lost_after(workload, outflow.rate_max(credit=False))
    return Plan(
        workload,
        consumer,
        backlog=None if growth else _backlog(workload, points),
        backlog_with_credit=None if growth else _backlog(workload, points_with_credit),
        growth=growth,
        first_period=_curve(points),
        first_period_with_credit=_curve(points_with_credit),
        lost_after=lost_after,
        advised=_advised(workload, consumer, enough=lost_after is None),
    )


def _lost_after(workload: Workload, outflow_rate: float) -> float | None:
    """A record that arrives after t seconds at `rate` waits for (rate / outflow_rate - 1) * t seconds."""
    if (workload.burst_rate / outflow_rate - 1) * workload.burst_seconds >= RETENTION_SECONDS:
        rate = workload.burst_rate
    elif workload.average_rate > outflow_rate:
        rate = workload.average_rate
    else:
        return None
    return RETENTION_SECONDS * rate / (rate - outflow_rate)


def consumer_for(workload: Workload, memory_mb: int = MEMORY_MB) -> Consumer:
    """The template's, with the workers that keep the table busy. Raises `WorkloadInvalid` if no number of them can."""
    one = Consumer(1, memory_mb=memory_mb)
    if workload.average_rate > WORKERS_MAX * one.rate_max:
        raise WorkloadInvalid(
            f"{workload.average_rate:,.0f} records a second on average are more than the consumer can put:"
            f" {WORKERS_MAX:,} invocations at {puts_per_worker(one.batch_size, memory_mb):.0f} puts a second"
        )
    needed = min(workload.table_rate, workload.burst_rate) / (one.rate_max * _WORKER_LOAD)
    return replace(one, workers=min(max(math.ceil(needed), WORKERS_MIN), WORKERS_MAX))


def write_units_with_room(workload: Workload) -> int:
    """The smallest table that loses nothing and is at most 80 % used on average."""
    # The last record of a burst waits for all that arrived in the burst and was not put during it.
    in_time = workload.burst_rate * workload.burst_seconds / (RETENTION_SECONDS + workload.burst_seconds)
    rate = max(workload.average_rate, in_time) / _TABLE_LOAD
    return max(1, math.ceil(rate * workload.units_per_record))


def _advised(workload: Workload, consumer: Consumer, *, enough: bool) -> AdvisedParameters:
    if not enough:
        workload = replace(workload, write_units=write_units_with_room(workload))
    return AdvisedParameters(workload.write_units, consumer_for(workload, consumer.memory_mb).workers)


@dataclass(frozen=True, slots=True)
class _Outflow:
    """The rates at which records can flow out, in records a second; credit is counted in records."""

    table: float
    consumer: float
    credit_max: float

    @classmethod
    def of(cls, workload: Workload, consumer: Consumer, credit_seconds: float = 0.0) -> "_Outflow":
        return cls(workload.table_rate, consumer.rate_max, credit_seconds * workload.table_rate)

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


def _points(workload: Workload, outflow: _Outflow) -> list[_Point]:
    """One period. It begins with the burst, all the credit, and no backlog."""
    points = [_Point(0.0, 0.0, 0.0, outflow.credit_max)]
    for rate, until in (
        (workload.burst_rate, workload.burst_seconds),
        (workload.rate, workload.period_seconds),
    ):
        while points[-1].at < until:
            points.append(_next(points[-1], rate, until, outflow))
    return points


def _curve(points: Sequence[_Point]) -> tuple[Waiting, ...]:
    return tuple(Waiting(point.at, point.waiting) for point in points)


def _backlog(workload: Workload, points: Sequence[_Point]) -> PlannedBacklog:
    """Of a period that ends with no backlog."""
    burst = workload.burst_seconds
    empty = next((point.at for point in points if point.at >= burst and not point.waiting), workload.period_seconds)
    waits = [(before, after) for before, after in pairwise(points) if before.waiting or after.waiting]
    lasts = sum(after.at - before.at for before, after in waits)
    in_burst, later = (
        sum(after.arrived - before.arrived for before, after in waits if (before.at < burst) == during)
        for during in (True, False)
    )
    greatest = max(point.waiting for point in points)
    return PlannedBacklog(greatest, empty - burst, _greatest_age(points), lasts, in_burst, later)


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
