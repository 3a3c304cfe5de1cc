"""How long a simulated put takes, and how the table's capacity changes."""

from typing import Any

import pytest

from dev.simulation.dynamodb import PUT_CPU_SECONDS, PUT_SECONDS
from dev.simulation.environments import Handler
from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World
from records.item import RESERVED_NAME, Provenance, from_attribute_value, to_item, value_bytes, write_units

_CORE_MB = 1769


def putting(at_once: int) -> Any:
    def environment(world: World) -> Handler:
        def put(record: dict[str, Any]) -> None:
            world.dynamodb.put_item(Item={"id": {"S": record["messageId"]}})

        def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
            world.clock.map(put, event["Records"], at_once)
            return {"batchItemFailures": []}

        return handler

    return environment


def seconds_of_ten_puts(at_once: int, memory_mb: int, **setting: Any) -> float:
    """Of one invocation."""
    of_world = Setting(units_per_second=1000, workers=1, memory_mb=memory_mb, verify_deletes=False, **setting)
    world = World(of_world, SimulatedFaults(), 1, putting(at_once))
    for n in range(10):
        world.accept(str(n))
    world.drain(0.0, 100.0)
    assert len(world.table.items) == 10
    return world.event_source.busy_seconds


@pytest.mark.parametrize("memory_mb", [128, 512, 1024, 1769, 3538])
def test_puts_one_by_one_take_their_waits_and_their_processor_time(memory_mb: int) -> None:
    cpu = PUT_CPU_SECONDS * max(1.0, _CORE_MB / memory_mb)
    assert seconds_of_ten_puts(1, memory_mb) == pytest.approx(10 * (PUT_SECONDS + cpu))


@pytest.mark.parametrize("memory_mb", [128, 512, 1024])
def test_of_puts_at_once_only_the_waits_overlap(memory_mb: int) -> None:
    cpu = PUT_CPU_SECONDS * _CORE_MB / memory_mb
    assert seconds_of_ten_puts(10, memory_mb) == pytest.approx(10 * cpu + PUT_SECONDS)


def test_both_times_of_a_put_can_be_set() -> None:
    assert seconds_of_ten_puts(1, _CORE_MB, put_seconds=0.5, put_cpu_seconds=0.25) == pytest.approx(7.5)


def test_burst_credit_changes_during_a_run() -> None:
    world = World(Setting(units_per_second=10), SimulatedFaults(burst=[(100.0, 60.0), (300.0, 0.0)]), 1)
    admitted: list[int] = []

    def spend() -> None:
        units = 0
        while world.capacity.admits():
            world.capacity.charge(1)
            units += 1
        admitted.append(units)

    for at in (99.0, 299.0, 301.0, 390.0):
        world.clock.start(spend, after=at)
    world.clock.run(until=lambda: False)
    assert admitted == [10, 600, 10, 10]


@pytest.mark.parametrize("record", [{"id": "a"}, {"id": "ä" * 2000, "n": 1, "l": [None, True, {"a": "ü"}]}])
def test_a_put_is_charged_for_the_whole_item(record: dict[str, Any]) -> None:
    item = to_item(record, Provenance.of("00000000-0000-7000-8000-000000000000", 0, 0))
    size = sum(len(name.encode()) + value_bytes(from_attribute_value(value)) for name, value in item.items())
    assert RESERVED_NAME in item
    world = World(Setting(units_per_second=100), SimulatedFaults(), 1)

    def put() -> None:
        world.dynamodb.put_item(Item=item)

    world.clock.start(put)
    world.clock.run(until=lambda: False)
    assert world.table.units == write_units(size)
