"""What the consumer uses by the plan: figures computed by hand, and what must hold for every workload."""

from dataclasses import replace

import pytest

from ops.draining import Consumed, consumed
from ops.plan import plan
from ops.workload import Consumer, Workload

_HOUR = 3600.0

QUIET = Workload(rate=10, burst_rate=11, burst_seconds=1, period_seconds=_HOUR, record_bytes=800, write_units=100)
"""Never a backlog."""
SURGE = Workload(rate=0, burst_rate=1000, burst_seconds=60, period_seconds=_HOUR, record_bytes=800, write_units=20)
"""60,000 records; the table's credit takes about 6,100 of them at once, and the rest waits for some 45 minutes."""


def used(load: Workload, consumer: Consumer) -> Consumed:
    return consumed(plan(load, consumer), load.period_seconds)


def test_without_a_window_each_record_of_a_quiet_time_costs_an_invocation_a_receive_and_a_deletion() -> None:
    records = QUIET.average_rate * _HOUR
    alone = used(QUIET, Consumer(2, 10, window_seconds=0))
    assert alone.invocations == pytest.approx(records, rel=0.15)
    assert alone.sqs_requests == pytest.approx(2 * records, rel=0.1)
    assert alone.seconds == pytest.approx(0.042 * records, rel=0.15)


def test_a_window_of_a_second_gathers_what_arrives_in_it() -> None:
    records = QUIET.average_rate * _HOUR
    gathered = used(QUIET, Consumer(2, 100, window_seconds=1))
    assert gathered.invocations == pytest.approx(records / 6.1, rel=0.1)  # 5 a second for each worker, and the first
    assert gathered.sqs_requests < 1.5 * records


def test_records_that_are_posted_together_are_received_together() -> None:
    alone, together = (used(replace(QUIET, records_per_request=count), Consumer(2, 100, 1)) for count in (1, 10))
    assert together.sqs_requests < alone.sqs_requests / 4
    assert together.invocations < alone.invocations / 2


def test_a_deferred_record_is_received_about_three_times_and_mostly_by_tens() -> None:
    surge = used(SURGE, Consumer(2))
    records = 60_000
    assert 0.15 * records < surge.invocations < 0.3 * records
    assert 0.5 * records < surge.sqs_requests < 2 * records


def test_nobody_is_paid_to_wait_however_slow_the_table_and_however_many_the_workers() -> None:
    few, many = (used(SURGE, Consumer(workers)) for workers in (2, 100))
    assert few.seconds < 0.2 * 2 * 2700
    assert many.seconds < 0.02 * 100 * 2700


def test_a_backlog_that_never_drains_is_deferred_too() -> None:
    planned = plan(replace(SURGE, rate=30))
    assert not planned.drains
    assert consumed(planned, _HOUR).invocations > 0


def test_large_messages_are_metered_in_steps_of_64_kb() -> None:
    small, large = (used(replace(SURGE, record_bytes=size, write_units=2000), Consumer(20)) for size in (800, 60_000))
    assert large.sqs_requests > 2 * small.sqs_requests


def test_twice_the_time_is_twice_the_use() -> None:
    planned = plan(SURGE)
    assert consumed(planned, 2 * _HOUR) == pytest.approx(tuple(2 * each for each in consumed(planned, _HOUR)))
