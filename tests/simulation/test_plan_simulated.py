"""The plan beside the real consumer in virtual time: the same burst, the same table.

The fluid model has no single records, no batches and no search for turns, so that the simulation may differ by
- the batches that all workers hold, which count as waiting until their invocations end;
- one second of a burst: a worker that found nothing looks again a second later, and the table's capacity is granted by
  the second;
- 2 % of the table's rate: a turn is 1 % longer than its share (consumer/pace.py), and a place among the others is
  found by throttled tries.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

import pytest

from dev.simulation.bill import INIT_SECONDS, MEMORY_MB, cores
from dev.simulation.dynamodb import PUT_CPU_SECONDS, PUT_SECONDS
from dev.simulation.event_source import INVOKE_SECONDS
from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World
from ops.plan import CREDIT_SECONDS, Backlog, Plan, Workload, plan
from ops.prices import consumed

_RATE_SHARE = 0.02
_START_SECONDS = INVOKE_SECONDS + Setting().fresh_share * INIT_SECONDS
"""Of an invocation, before its handler begins."""
_NAMES_BYTES = len("id") + len("0000001") + len("content")


def workload(units: int, rate: float, burst: tuple[float, float], period: float, record_bytes: int = 300) -> Workload:
    """`burst`: records a second, and seconds."""
    return Workload(rate, *burst, period, record_bytes, units)


_SHAPES = {
    "small records": workload(5, 2, (20, 60), 600),
    "a fast table": workload(100, 10, (300, 30), 240),
    "a table nearly used up": workload(10, 8, (30, 120), 1500),
    "records of 4 KB on a table of one unit": workload(1, 0.05, (1, 120), 1500, 3900),
    "records of 100 KB": workload(20, 0.05, (2, 60), 1500, 100_000),
    "nothing between bursts": workload(10, 0, (30, 60), 900, 2000),
    "more workers than two": workload(500, 50, (800, 20), 60),
}


@dataclass(frozen=True)
class Measured:
    greatest: int
    drain_seconds: float
    greatest_age: float
    left: int
    stored: int
    receives: int
    invocations: int
    busy_seconds: float


@cache
def simulated(planned: Plan, credit_seconds: float = 0.0, periods: int = 1) -> Measured:
    """So many periods, and then until nothing waits; or no longer, where the plan never drains."""
    load, consumer = planned.workload, planned.consumer
    setting = Setting(float(load.write_units), credit_seconds, consumer.workers, consumer.batch_size)
    world = World(setting, SimulatedFaults(), seed=1)
    content = "x" * (load.record_bytes - _NAMES_BYTES)
    held = consumer.workers * consumer.batch_size
    waiting: list[tuple[float, int]] = []
    end = periods * load.period_seconds

    def arrive() -> None:
        count = 0
        while world.clock.now < end:
            in_burst = world.clock.now % load.period_seconds < load.burst_seconds
            rate = load.burst_rate if in_burst else load.rate
            if not rate:
                return
            world.accept(f"{count:07}", content)
            count += 1
            world.clock.sleep(1 / rate)

    def watch() -> None:
        while world.clock.now < end:
            world.clock.sleep(1.0)
            waiting.append((world.clock.now, len(world.queue.messages)))

    world.clock.start(arrive)
    world.clock.start(watch)
    world.drain(end, end if planned.growth else 10 * end)
    drained = next((at for at, count in waiting if at > load.burst_seconds and count <= held), end)
    return Measured(
        greatest=max(count for _, count in waiting),
        drain_seconds=drained - load.burst_seconds,
        greatest_age=max(age(item) for item in world.table.items.values()),
        left=len(world.queue.messages),
        stored=len(world.table.items),
        receives=world.queue.receives,
        invocations=world.event_source.invocations,
        busy_seconds=world.event_source.busy_seconds,
    )


def age(item: dict[str, dict[str, dict[str, dict[str, str]]]]) -> float:
    """Seconds from the queue to the table."""
    times = item["_forebay"]["M"]
    sqs, ddb = (datetime.fromisoformat(times[name]["S"]) for name in ("sqs", "ddb"))
    return (ddb - sqs).total_seconds()


def as_simulated(load: Workload) -> Plan:
    """With workers as fast as the simulation's, whose environments start cold now and then."""
    consumer = plan(load).consumer
    put = PUT_SECONDS + PUT_CPU_SECONDS / cores(MEMORY_MB)
    seconds = _START_SECONDS + consumer.batch_size * put
    return plan(load, replace(consumer, puts_per_worker=consumer.batch_size / seconds))


@dataclass(frozen=True)
class Allowed:
    """How far the simulation may be from the plan."""

    records: float
    drain_seconds: float
    age_seconds: float

    @classmethod
    def of(cls, planned: Plan, backlog: Backlog) -> "Allowed":
        load, consumer = planned.workload, planned.consumer
        lasts = load.burst_seconds + backlog.drain_seconds
        records = consumer.workers * consumer.batch_size + load.burst_rate + _RATE_SHARE * load.table_rate * lasts
        return cls(records, records / (load.table_rate - load.rate), records / load.table_rate)


@pytest.mark.parametrize("shape", _SHAPES)
def test_the_backlog_its_drain_and_its_age_are_the_simulated_ones(shape: str) -> None:
    planned = as_simulated(_SHAPES[shape])
    backlog = planned.backlog
    assert backlog
    measured = simulated(planned)
    allowed = Allowed.of(planned, backlog)
    assert allowed.records < backlog.greatest / 4, "a tolerance that proves nothing"
    assert measured.greatest == pytest.approx(backlog.greatest, abs=allowed.records)
    assert measured.drain_seconds == pytest.approx(backlog.drain_seconds, abs=allowed.drain_seconds)
    assert measured.greatest_age == pytest.approx(backlog.greatest_age, abs=allowed.age_seconds)


@pytest.mark.parametrize("shape", _SHAPES)
def test_burst_credit_helps_as_much_as_in_the_simulation(shape: str) -> None:
    planned = as_simulated(_SHAPES[shape])
    backlog = planned.backlog_with_credit
    assert backlog
    measured = simulated(planned, CREDIT_SECONDS)
    allowed = Allowed.of(planned, backlog)
    assert measured.greatest == pytest.approx(backlog.greatest, abs=allowed.records)
    assert measured.drain_seconds == pytest.approx(backlog.drain_seconds, abs=allowed.drain_seconds)
    assert measured.greatest_age == pytest.approx(backlog.greatest_age, abs=allowed.age_seconds)


@pytest.mark.parametrize("shape", _SHAPES)
def test_the_consumer_runs_as_long_and_as_often_as_is_paid_for(shape: str) -> None:
    """The plan counts a worker's whole time, and so the starts too.

    Within a fifth: between bursts it is chance how long a record waits for its turn, and how many come together.
    """
    planned = as_simulated(_SHAPES[shape])
    measured = simulated(planned)
    expected = consumed(planned, planned.workload.period_seconds)
    worked = measured.busy_seconds + measured.invocations * _START_SECONDS
    assert worked == pytest.approx(expected.seconds, rel=0.2)
    assert measured.invocations <= 1.2 * expected.invocations


def test_a_backlog_that_never_drains_grows_as_planned() -> None:
    planned = as_simulated(workload(5, 4, (20, 60), 300))
    assert not planned.drains
    measured = simulated(planned, periods=3)
    assert measured.left == pytest.approx(planned.growth * 900, abs=20 + 20 + _RATE_SHARE * 5 * 900)
    assert measured.left > 1900


def test_a_table_that_is_fast_enough_has_no_backlog_in_either() -> None:
    planned = as_simulated(workload(50, 5, (40, 60), 300))
    assert planned.backlog
    assert planned.backlog.greatest == 0
    assert simulated(planned).greatest <= 20 + 40


def test_the_advised_batch_is_received_once_and_the_default_is_not() -> None:
    load = _SHAPES["records of 4 KB on a table of one unit"]
    planned = as_simulated(load)
    advised, default = simulated(planned), simulated(plan(load, replace(planned.consumer, batch_size=10)))
    assert advised.receives == advised.stored
    assert default.receives > 1.2 * default.stored


def test_more_workers_than_advised_only_wait() -> None:
    load = _SHAPES["small records"]
    planned = as_simulated(load)
    advised, ten = simulated(planned), simulated(plan(load, replace(planned.consumer, workers=10)))
    assert ten.greatest == pytest.approx(advised.greatest, rel=0.1)
    assert ten.busy_seconds > 3 * advised.busy_seconds
