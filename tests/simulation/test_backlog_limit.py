"""A limit of the backlog, with the real drain behind it and counts of SQS that are up to a minute old."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import pytest

from api.ingest.backlog_limit import BacklogLimit
from api.problems import BacklogFull
from dev.simulation.faults import SimulatedFaults, Window
from dev.simulation.world import Setting, World
from telemetry.queue_depth import DEPTH_ATTRIBUTES, QueueDepth

_UNITS_PER_SECOND, _HOURS_MAX = 5, 0.05
_BACKLOG_MAX = int(_UNITS_PER_SECOND * _HOURS_MAX * 3600)
_PROCESSES, _PERIOD, _LATE = 3, 0.7, 75.0
"""Each process gets a request a period. What arrives in so many seconds may exceed the limit."""


@contextmanager
def loop_of_a_process() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


class Arrivals:
    def __init__(self, world: World, records: int, until: float) -> None:
        self._world = world
        self._records = records
        self._until = until
        self._keys = count()
        self.backlogs: list[tuple[float, int]] = []
        """True ones, at each request."""
        self.accepted: list[float] = []
        self.refused: list[tuple[float, float]] = []
        """When, and after how many seconds there would be room."""

    def process(self, loop: asyncio.AbstractEventLoop) -> None:
        limit = BacklogLimit(_HOURS_MAX, self._seconds_to_empty, self._world.clock.monotonic, may_freeze=False)
        while self._world.clock.now < self._until:
            self.backlogs.append((self._world.clock.now, len(self._world.queue.messages)))
            loop.run_until_complete(self._request(limit))
            self._world.clock.sleep(_PERIOD)

    async def _request(self, limit: BacklogLimit) -> None:
        now = self._world.clock.now
        try:
            limit.check()
        except BacklogFull as full:
            self.refused.append((now, full.retry_seconds or 0.0))
        else:
            self.accepted.append(now)
            for _ in range(self._records):
                self._world.accept(f"key-{next(self._keys)}")
        await asyncio.sleep(0)  # lets it ask, after the request

    async def _seconds_to_empty(self) -> float:
        sqs: Any = self._world.sqs
        answer = sqs.get_queue_attributes(QueueUrl="records", AttributeNames=DEPTH_ATTRIBUTES)
        return QueueDepth.of(answer["Attributes"]).total / _UNITS_PER_SECOND


@pytest.mark.parametrize(("records", "seed"), [(4, 1), (40, 2)])
def test_the_backlog_passes_its_limit_by_no_more_than_what_arrives_in_75_seconds(records: int, seed: int) -> None:
    setting = Setting(_UNITS_PER_SECOND, counts_error=0.0, verify_deletes=False)
    world = World(setting, SimulatedFaults(duplicate=0.01, throttled=[Window(400, 500)]), seed)
    arrivals = Arrivals(world, records, until=1800.0)
    with loop_of_a_process() as one, loop_of_a_process() as two, loop_of_a_process() as three:
        for number, loop in enumerate((one, two, three)):
            world.clock.start(partial(arrivals.process, loop), after=number * _PERIOD / _PROCESSES)
        world.drain(1800.0, 1800.0)
    assert not world.dead_letters
    arriving = _PROCESSES * records * _LATE / _PERIOD
    assert max(backlog for _, backlog in arrivals.backlogs) <= _BACKLOG_MAX + arriving
    assert arrivals.refused
    for at, _ in arrivals.refused:  # by an estimate of the last two minutes, and SQS's counts a minute older
        assert any(backlog > _BACKLOG_MAX for then, backlog in arrivals.backlogs if at - 180 <= then <= at)
    assert arrivals.accepted[-1] > arrivals.refused[0][0]  # it takes records again


def test_whoever_returns_when_it_was_told_finds_room() -> None:
    """If nobody else fills it. A drain without credit begins slowly, and holds 0.86 to 0.9 of the table's rate then."""
    setting = Setting(_UNITS_PER_SECOND, counts_error=0.0, counts_age_seconds_max=0.0, verify_deletes=False)
    world = World(setting, SimulatedFaults(), seed=4)
    for n in range(2 * _BACKLOG_MAX):
        world.accept(f"before-{n}")
    arrivals = Arrivals(world, 1, until=600.0)
    with loop_of_a_process() as loop:
        world.clock.start(partial(arrivals.process, loop))
        world.drain(600.0, 600.0)
    told, seconds = arrivals.refused[0]
    first_accepted = next(at for at in arrivals.accepted if at > told)
    assert told + seconds <= first_accepted <= told + 1.2 * seconds + 90
