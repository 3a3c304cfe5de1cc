"""Plans a buffer for a workload: the backlog, the time to drain it, its greatest age, and the parameters. Pure.

A fluid model: records flow in at the workload's rates, and out as fast as the table and the consumer allow. Between two
events (the burst ends, the credit is used up, the backlog is empty) every rate is constant, so each interval is
computed exactly, without time steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ops.workload import MEMORY_MB, WORKERS_MAX, WORKERS_MIN, Consumer, Workload

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


def consumer_for(workload: Workload, memory_mb: int = MEMORY_MB) -> Consumer:
    """The template's, with the workers that keep the table busy."""
    one = Consumer(1, memory_mb=memory_mb)
    needed = min(workload.table_rate, workload.burst_rate) / (one.rate_max * _WORKER_LOAD)
    return replace(one, workers=min(max(math.ceil(needed), WORKERS_MIN), WORKERS_MAX))


def _advised(workload: Workload, *, enough: bool) -> AdvisedParameters:
    if not enough:
        # The last record of a burst waits for all that arrived in the burst and was not put during it.
        in_time = workload.burst_rate * workload.burst_seconds / (RETENTION_SECONDS + workload.burst_seconds)
        rate = max(workload.average_rate, in_time) / _TABLE_LOAD
        workload = replace(workload, write_units=max(1, math.ceil(rate * workload.units_per_record)))
    consumer = consumer_for(workload)
    return AdvisedParameters(workload.write_units, consumer.workers)


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


def _backlog(workload: Workload, outflow: _Outflow) -> PlannedBacklog:
    """The backlog of one period. It begins with the burst and all the credit, and ends with no backlog."""
    burst = workload.burst_seconds
    points = [_Point(0.0, 0.0, 0.0, outflow.credit_max)]
    for rate, until in ((workload.burst_rate, burst), (workload.rate, workload.period_seconds)):
        while points[-1].at < until:
            points.append(_next(points[-1], rate, until, outflow))
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
