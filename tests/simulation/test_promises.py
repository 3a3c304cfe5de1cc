"""The promises of the drain, in simulated worlds of its own: the real consumer against a fault that lasts for days."""

from itertools import pairwise
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from consumer.redelivery import RENEW_AGE_MS, RENEW_RECEIVES
from dev.paths import ROOT
from dev.simulation import world
from dev.simulation.faults import SimulatedFaults, Window
from dev.simulation.path.function import TIMEOUT_SECONDS
from dev.simulation.queue import RETENTION_SECONDS
from dev.simulation.world import Setting, World

_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
_DAY = 86_400.0


def properties(resource: str) -> dict[str, Any]:
    found: dict[str, Any] = _TEMPLATE["Resources"][resource]["Properties"]
    return found


def filled(faults: SimulatedFaults, *, records: int = 30, setting: Setting | None = None, seed: int = 0) -> World:
    simulated = World(setting or Setting(), faults, seed)
    for n in range(records):
        simulated.accept(f"key-{n}", bare=n % 5 == 0)
    return simulated


def drained(simulated: World, days_max: float) -> World:
    simulated.drain(0.0, days_max * _DAY)
    simulated.verify()
    return simulated


def test_the_simulated_queue_and_function_are_the_templates() -> None:
    queue, function = properties("RecordQueue"), properties("ConsumerFunction")
    parameters = _TEMPLATE["Parameters"]
    assert function["Timeout"] == world.FUNCTION_SECONDS
    assert properties("ApiFunction")["Timeout"] == TIMEOUT_SECONDS
    assert queue["VisibilityTimeout"] == world.VISIBILITY_SECONDS
    assert queue["RedrivePolicy"]["maxReceiveCount"] == world.RECEIVES_MAX
    assert queue["MessageRetentionPeriod"] == RETENTION_SECONDS
    assert (function["RecursiveLoop"] == "Allow") is Setting().allows_loops
    assert parameters["ConsumerMaximumConcurrency"]["Default"] == Setting().workers
    assert parameters["ConsumerBatchSize"]["Default"] == Setting().batch_size
    assert parameters["ConsumerBatchWindowSeconds"]["Default"] == Setting().window_seconds
    assert parameters["TableWriteCapacityUnits"]["Default"] == Setting().units_per_second


def test_messages_are_renewed_long_before_the_queue_gives_them_up() -> None:
    queue = properties("RecordQueue")
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 20 * RENEW_RECEIVES
    assert queue["MessageRetentionPeriod"] - 3 * _DAY >= RENEW_AGE_MS / 1000


_FAULTS = pytest.mark.parametrize("fault", ["throttled", "misconfigured", "missing"])


@_FAULTS
def test_days_of_a_fault_cost_no_record(fault: str) -> None:
    done = drained(filled(SimulatedFaults(**{fault: [Window(0, 3 * _DAY)]})), 4)  # type: ignore[arg-type] # one of these
    assert (done.dead_letters, done.queue.redriven) == ([], [])
    assert len(done.table.items) == 30
    assert 3 * _DAY < done.clock.now < 3 * _DAY + 1200


@_FAULTS
def test_weeks_of_a_fault_cost_no_record_though_sqs_keeps_a_message_for_fourteen_days(fault: str) -> None:
    done = drained(filled(SimulatedFaults(**{fault: [Window(0, 20 * _DAY)]}), records=4), 21)  # type: ignore[arg-type] # one of these
    assert len(done.table.items) == 4


def test_a_day_without_concurrency_for_the_consumer_costs_no_record() -> None:
    done = drained(filled(SimulatedFaults(invocations_throttled=[Window(0, _DAY)])), 2)
    assert (done.dead_letters, done.queue.redriven) == ([], [])
    assert len(done.table.items) == 30
    assert _DAY < done.clock.now < _DAY + 1200


def test_a_message_that_was_left_alone_for_ten_days_is_renewed_at_its_first_receive() -> None:
    simulated = filled(SimulatedFaults(throttled=[Window(0, 20 * _DAY)]), records=4)
    asleep, awake = 11 * _DAY, 11 * _DAY + 600
    simulated.clock.start(lambda: None, after=asleep)
    simulated.clock.run(until=lambda: simulated.clock.now >= asleep)
    sent: list[float] = []
    simulated.clock.start(lambda: sent.extend(each.sent for each in simulated.queue.messages.values()), after=600)
    drained(simulated, 21)
    assert len(sent) == 4
    assert all(asleep < at <= awake for at in sent)


def test_a_message_that_crashes_the_function_is_redriven_and_every_other_is_put() -> None:
    simulated = filled(SimulatedFaults())
    simulated.accept("crashes")
    done = drained(simulated, 4)
    assert {message.body for message in done.queue.redriven} == done.crashing
    assert done.dead_letters == []
    assert len(done.table.items) == 30


def put_between(simulated: World, *times: float) -> list[float]:
    """Records put a second, in each of the intervals between these times."""
    puts: list[int] = []
    for at in times:
        simulated.clock.start(lambda: puts.append(simulated.table.puts), after=at)
    simulated.event_source.start()
    simulated.clock.run(until=lambda: len(puts) == len(times))
    return [
        (after - before) / (ends - begins)
        for (begins, ends), (before, after) in zip(pairwise(times), pairwise(puts), strict=True)
    ]


def test_less_capacity_is_followed_at_once() -> None:
    simulated = filled(SimulatedFaults(capacity=[(300.0, 2.0)]), records=4000, setting=Setting(units_per_second=10))
    fast, slow = put_between(simulated, 100.0, 300.0, 900.0)
    assert 0.65 * 10 <= fast <= 1.1 * 10  # a surge's first minute is blind, and there is no credit
    assert 0.8 * 2 <= slow <= 1.2 * 2


def test_more_capacity_is_used_at_the_next_step_because_hidden_messages_cannot_be_recalled() -> None:
    simulated = filled(SimulatedFaults(capacity=[(600.0, 20.0)]), records=12_000, setting=Setting(units_per_second=2))
    before, after = put_between(simulated, 300.0, 600.0, 3000.0)
    assert 0.8 * 2 <= before <= 1.1 * 2
    # Of the 100 minutes that the drain would have taken, half an hour is the longest step.
    assert after >= 1.5 * 2


def test_most_of_a_backlog_costs_nothing_while_it_waits() -> None:
    simulated = filled(SimulatedFaults(), records=5000, setting=Setting(burst_seconds=300.0))
    simulated.capacity.charge(5 * 300)
    drained(simulated, 1)
    assert simulated.clock.now > 900
    assert simulated.event_source.busy_seconds < 0.1 * simulated.clock.now
    assert simulated.queue.receives < 4 * 5000


@pytest.mark.parametrize("workers", [2, 100])
def test_a_table_without_any_burst_credit_is_used_nearly_always(workers: int) -> None:
    setting = Setting(workers=workers)
    simulated = World(setting, SimulatedFaults(), 0)
    for n in range(1000):
        simulated.accept(f"key-{n}", "x" * 4000)  # five units: a second of the table's capacity
    drained(simulated, 1)
    assert simulated.table.last_put < 1.35 * 1000


@pytest.mark.parametrize("seed", [0, 1])
def test_records_of_different_sizes_do_not_keep_the_table_waiting(seed: int) -> None:
    """A worker that took a large record for the usual one would spread them over two and a half times as long."""
    simulated = World(Setting(burst_seconds=300.0), SimulatedFaults(), seed)
    simulated.capacity.charge(5 * 300)
    for n in range(1000):
        simulated.accept(f"key-{n}", "x" * (4000 if n % 5 == 0 else 10))
    drained(simulated, 1)
    assert simulated.table.last_put < 1.25 * simulated.table.units / 5
