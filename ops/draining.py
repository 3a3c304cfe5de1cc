"""What the consumer uses to drain a workload: invocations, their time, and SQS's requests. Pure.

A model of the drain that docs/drain.md describes, with DynamoDB's burst credit. tests/simulation holds it against the
simulation, which runs the consumer itself.
"""

import math
from typing import NamedTuple

from ops.plan import Plan
from ops.workload import RECEIVE_MAX, put_seconds

SQS_METER_BYTES = 64 * 1024
"""https://aws.amazon.com/sqs/pricing/: each 64 KB of a call's messages is a request."""
_INVOCATION_SECONDS = 0.025
"""Lambda's runtime around the handler."""
_COLD_SECONDS = 0.05 * 0.3
"""One invocation in twenty starts cold, for 0.3 s."""
_HIDE_SECONDS = 0.004
_REDELIVERIES = 1.2
"""A deferred record is delivered again for its put; those of a surge's first minute are a second time before."""
_FAST_RETRIES, _SLOW_RETRIES = 0.2, 0.75
"""How often it is throttled on the way, as the simulation has it: on tables that put more than ten records a second,
and on others."""
_SLOW_TURN_SECONDS = 0.1
_STEP_SECONDS = 1800.0
_DEPTH_REQUESTS = 0.055
"""Requests for the queue's depth, per invocation."""


class Consumed(NamedTuple):
    """What the consumer uses in a time."""

    invocations: float
    seconds: float
    """Of all invocations together."""
    sqs_requests: float
    """Receives, deletions, visibility changes and questions for the depth, as metered."""

    def __add__(self, other: "Consumed") -> "Consumed":  # type: ignore[override] # the sum, not a longer tuple
        return Consumed(*(mine + its for mine, its in zip(self, other, strict=True)))

    def times(self, factor: float) -> "Consumed":
        return Consumed(*(factor * each for each in self))


def consumed(plan: Plan, seconds: float) -> Consumed:
    """The use in so many seconds, which are whole periods."""
    workload, backlog = plan.workload, plan.backlog_with_credit
    rest_seconds = workload.period_seconds - workload.burst_seconds
    in_burst = backlog.deferred_in_burst if backlog else workload.burst_rate * workload.burst_seconds
    after = backlog.deferred_after if backlog else workload.rate * rest_seconds
    parts = [
        _arriving(plan, workload.burst_rate, workload.burst_rate * workload.burst_seconds - in_burst, is_put=True),
        _arriving(plan, workload.burst_rate, in_burst, is_put=False),
        _arriving(plan, workload.rate, workload.rate * rest_seconds - after, is_put=True),
        _arriving(plan, workload.rate, after, is_put=False),
        _redelivered(plan, in_burst + after),
    ]
    return sum(parts, Consumed(0, 0, 0)).times(seconds / workload.period_seconds)


def _arriving(plan: Plan, rate: float, records: float, *, is_put: bool) -> Consumed:
    """Records at their first delivery: they are put, or all of them deferred."""
    if records <= 0:
        return Consumed(0, 0, 0)
    consumer, together = plan.consumer, plan.workload.records_per_request
    batch, busy = _batch(plan, rate, is_put=is_put)
    # A receive returns when there is a message: ten together when they came together, or when all workers are busy.
    receives = (1 - busy) / min(together, RECEIVE_MAX) + busy / RECEIVE_MAX
    size = records / receives * plan.workload.message_bytes / records
    calls = math.ceil(batch / RECEIVE_MAX) + _DEPTH_REQUESTS
    if consumer.window_seconds and batch < consumer.batch_size:
        calls += 1  # the receive that ends with the window
    work = put_seconds(consumer.memory_mb) if is_put else _HIDE_SECONDS / RECEIVE_MAX
    invocations = records / batch
    seconds = invocations * (_INVOCATION_SECONDS + _COLD_SECONDS) + records * work
    return Consumed(invocations, seconds, records * receives * _metered(size) + invocations * calls)


def _batch(plan: Plan, rate: float, *, is_put: bool) -> tuple[float, float]:
    """How many messages an invocation gets, and the share of the time in which all workers are busy.

    Each worker gathers for the window from its first message on, and what arrives while it works is there at once.
    """
    consumer, together = plan.consumer, plan.workload.records_per_request
    arriving = rate / consumer.workers
    gathered = min(consumer.batch_size, together + consumer.window_seconds * arriving)
    works = _INVOCATION_SECONDS + gathered * (put_seconds(consumer.memory_mb) if is_put else 0.0)
    batch = min(consumer.batch_size, gathered + works * arriving)
    batch = max(1.0, batch)
    return batch, min(1.0, works * arriving / batch) ** consumer.workers


def _redelivered(plan: Plan, records: float) -> Consumed:
    """Records whose moment has come: in the groups in which they were deferred, and some in smaller pieces."""
    if records <= 0:
        return Consumed(0, 0, 0)
    workload, consumer = plan.workload, plan.consumer
    turn = 1 / workload.table_rate
    group = min(RECEIVE_MAX, _batch(plan, workload.burst_rate, is_put=False)[0])
    piece = min(group, max(1.0, workload.table_rate, workload.records_per_request / 2))
    drain_seconds = plan.backlog_with_credit.greatest * turn if plan.backlog_with_credit else math.inf
    steps = max(0.0, 1 - _STEP_SECONDS / drain_seconds)
    retries = _SLOW_RETRIES if turn >= _SLOW_TURN_SECONDS else _FAST_RETRIES
    deliveries = records * ((_REDELIVERIES + steps) / group + retries / piece)
    work = records * put_seconds(consumer.memory_mb) + deliveries * (_INVOCATION_SECONDS + _COLD_SECONDS)
    calls = _metered(group * workload.message_bytes) + 1 + _DEPTH_REQUESTS + (1 if consumer.window_seconds else 0)
    return Consumed(deliveries, work, deliveries * calls)


def _metered(size: float) -> int:
    return max(1, math.ceil(size / SQS_METER_BYTES))
