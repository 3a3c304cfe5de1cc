"""A backlog of which SQS can hide only a part: everything is a twentieth as large as on AWS."""

import pytest

from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World

_IN_FLIGHT_MAX, _RECORDS, _UNITS_PER_SECOND = 6000, 12_500, 5


@pytest.mark.parametrize(("batch_size", "window_seconds"), [(10, 0.0), (100, 1.0)])
def test_what_sqs_cannot_hide_costs_neither_time_nor_receives(batch_size: int, window_seconds: float) -> None:
    setting = Setting(
        units_per_second=_UNITS_PER_SECOND,
        burst_seconds=300,
        workers=10,
        batch_size=batch_size,
        window_seconds=window_seconds,
        verify_deletes=False,
        in_flight_max=_IN_FLIGHT_MAX,
    )
    world = World(setting, SimulatedFaults(), seed=1)
    for n in range(_RECORDS):
        world.accept(f"key-{n}")
    world.drain(0.0, 86_400.0)
    world.verify()
    assert not world.dead_letters
    # A new message takes each slot that becomes free: a worker that puts only what is due would put nothing at first.
    assert world.table.last_put < 1.15 * _RECORDS / _UNITS_PER_SECOND
    assert world.queue.receives < 4 * _RECORDS
