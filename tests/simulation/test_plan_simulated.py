"""The plan beside the real consumer in virtual time: the same load, the same table.

The fluid model knows neither single records nor the minute in which SQS does not show a surge yet. So the simulation
may differ by what all workers hold, and by a minute or two of the table's time at a drain's end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from random import Random
from statistics import mean

import pytest

from dev.simulation.clock import EPOCH_MS
from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World
from ops.draining import consumed
from ops.plan import CREDIT_SECONDS, Plan, plan
from ops.prices import EMPTY_RECEIVES_A_MINUTE, PRICES
from ops.workload import Workload

_NAMES_BYTES = len("id") + len("0000001") + len("content")
_TAIL_SECONDS = 120.0
_WORKLOADS = 20


def workload(units: int, rate: float, burst: tuple[float, float], period: float, record_bytes: int = 300) -> Workload:
    """`burst`: records a second, and seconds."""
    return Workload(rate, *burst, period, record_bytes, units)


_SHAPES = {
    "small records": workload(5, 2, (60, 120), 3600),
    "a fast table": workload(100, 10, (800, 60), 1800),
    "a table nearly used up": workload(10, 6, (60, 120), 3600),
    "records of 4 KB": workload(5, 0.1, (10, 120), 3600, 3900),
    "nothing between bursts": workload(10, 0, (50, 120), 1800, 2000),
}


@dataclass(frozen=True)
class Measured:
    greatest: int
    last_put_seconds: float
    """Of what arrived in the burst."""
    dollars: float
    left: int


@cache
def simulated(planned: Plan, periods: int = 1) -> Measured:
    """So many periods, with burst credit, and then until nothing waits; or no longer, where the plan never drains."""
    load, consumer = planned.workload, planned.consumer
    setting = Setting(
        float(load.write_units),
        CREDIT_SECONDS,
        consumer.workers,
        consumer.batch_size,
        window_seconds=consumer.window_seconds,
        memory_mb=consumer.memory_mb,
    )
    world = World(setting, SimulatedFaults(), seed=1)
    content = "x" * (load.record_bytes - _NAMES_BYTES)
    end = periods * load.period_seconds
    waiting: list[int] = []

    def arrive() -> None:
        count = 0
        while world.clock.now < end:
            in_burst = world.clock.now % load.period_seconds < load.burst_seconds
            rate = load.burst_rate if in_burst else load.rate
            if not rate:
                return
            for _ in range(load.records_per_request):
                world.accept(f"{'burst' if in_burst else 'later'}{count:07}", content)
                count += 1
            world.clock.sleep(load.records_per_request / rate)

    def watch() -> None:
        while world.clock.now < end:
            world.clock.sleep(1.0)
            waiting.append(len(world.queue.messages))

    world.clock.start(arrive)
    world.clock.start(watch)
    world.drain(end, end if planned.growth else 10 * end)
    last = max(put_seconds(item) for key, item in world.table.items.items() if key.startswith("burst"))
    return Measured(max(waiting), last, world.bill.dollars(consumer.memory_mb), len(world.queue.messages))


def put_seconds(item: dict[str, dict[str, dict[str, dict[str, str]]]]) -> float:
    """When it was put, from the simulation's start on."""
    return datetime.fromisoformat(item["_forebay"]["M"]["ddb"]["S"]).timestamp() - EPOCH_MS / 1000


def random_workload(random: Random) -> Workload:
    """Of a size that is simulated in a second or two."""
    while True:
        units = random.choice([1, 1, 2, 5])
        write_units = random.choice([5, 10, 20, 50, 100])
        table_rate = write_units / units
        burst_rate, burst_seconds = table_rate * random.choice([2, 5, 10, 30]), random.uniform(30, 600)
        period, load = random.choice([1800.0, 3600.0]), random.uniform(0.3, 0.8)
        rate = max(0.0, (load * table_rate * period - burst_rate * burst_seconds) / (period - burst_seconds))
        records = rate * (period - burst_seconds) + burst_rate * burst_seconds
        if burst_rate * burst_seconds < 0.85 * table_rate * period and 500 < records < 12_000:
            size = units * 1024 - 200 - random.randrange(300)
            together = random.choice([1, 1, 10])
            return Workload(rate, burst_rate, burst_seconds, period, size, write_units, records_per_request=together)


@pytest.mark.parametrize("shape", _SHAPES)
def test_the_backlog_and_the_time_to_drain_it_are_the_simulated_ones(shape: str) -> None:
    planned = plan(_SHAPES[shape])
    backlog = planned.backlog_with_credit
    assert backlog
    load, measured = planned.workload, simulated(planned)
    held = planned.consumer.workers * planned.consumer.batch_size + load.burst_rate
    assert measured.greatest == pytest.approx(backlog.greatest, abs=held + _TAIL_SECONDS * load.table_rate / 2)
    # All that the plan says of a single record is how long the last one waits, whatever the order.
    drained = load.burst_seconds + backlog.drain_seconds
    assert measured.last_put_seconds <= 1.25 * drained + _TAIL_SECONDS
    assert measured.last_put_seconds >= 0.5 * drained


def test_on_twenty_random_workloads_the_bill_is_the_simulated_one() -> None:
    """Of queue, consumer and the table's writes. Chance decides how often a record is throttled on its way."""
    random, differences = Random(1), []  # noqa: S311 - chance that can be repeated
    for _ in range(_WORKLOADS):
        planned = plan(random_workload(random))
        load = planned.workload
        used = consumed(planned, load.period_seconds)
        idle = EMPTY_RECEIVES_A_MINUTE / 60 * load.period_seconds
        drained = (
            PRICES["lambda_request"].of(used.invocations)
            + PRICES["lambda_gb_second"].of(used.seconds * planned.consumer.memory_mb / 1024)
            + PRICES["sqs_request"].of(used.sqs_requests + idle)
        )
        sent = load.average_rate * load.period_seconds / load.records_per_request
        fixed = PRICES["write_unit_hour"].of(load.write_units * load.period_seconds / 3600)
        fixed += PRICES["sqs_request"].of(sent)
        differences.append((drained + fixed) / (simulated(planned).dollars + fixed) - 1)
    sizes = sorted(abs(each) for each in differences)
    assert mean(sizes) < 0.1, sizes
    assert sizes[15] < 0.12, sizes
    assert sizes[-1] < 0.3, sizes


def test_a_backlog_that_never_drains_grows_as_planned() -> None:
    planned = plan(workload(5, 4, (20, 60), 300))
    assert not planned.drains
    measured = simulated(planned, periods=3)
    credit = CREDIT_SECONDS * planned.workload.table_rate
    # A tenth of the table's rate is lost to the first minute, and to a table that has no credit left.
    least = planned.growth * 900 - credit
    assert 0.9 * least <= measured.left <= least + 0.1 * planned.workload.table_rate * 900


def test_a_table_that_is_fast_enough_has_no_backlog_in_either() -> None:
    planned = plan(workload(50, 5, (40, 60), 300))
    assert planned.backlog
    assert planned.backlog.greatest == 0
    assert simulated(planned).greatest <= 2 * 40 * planned.consumer.window_seconds + 40


def test_more_workers_than_advised_cost_little_because_nobody_waits() -> None:
    load = _SHAPES["small records"]
    advised, ten = simulated(plan(load)), simulated(plan(load, replace(plan(load).consumer, workers=10)))
    assert ten.greatest == pytest.approx(advised.greatest, rel=0.1)
    assert ten.dollars < 2 * advised.dollars
