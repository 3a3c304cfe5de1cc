"""An asyncio event loop in virtual time, as asyncio's own, and as a process that is frozen or killed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from dev.simulation.clock import VirtualClock
from dev.simulation.path.event_loop import SimulatedLoop
from dev.simulation.path.threads import SimulatedThreads


async def no_connection(_loop: SimulatedLoop, _protocol: Callable[[], asyncio.Protocol]) -> None:
    raise ConnectionRefusedError


def loop_of(clock: VirtualClock, *, stands_still: bool = False) -> SimulatedLoop:
    return SimulatedLoop(clock, no_connection, stands_still=stands_still)  # type: ignore[abstract] # as asyncio's own


def test_what_waits_takes_virtual_time_only() -> None:
    clock = VirtualClock()
    loop = loop_of(clock)

    async def scenario() -> list[float]:
        async def nap(seconds: float) -> float:
            await asyncio.sleep(seconds)
            return clock.now

        return list(await asyncio.gather(nap(3600.0), nap(60.0)))

    woken: list[Any] = []
    clock.start(lambda: woken.extend(loop.run_until_complete(scenario())))
    clock.run(until=lambda: False)
    assert woken == [3600.0, 60.0]


def test_a_time_limit_ends_what_is_late() -> None:
    clock = VirtualClock()
    loop = loop_of(clock)

    async def scenario() -> None:
        async with asyncio.timeout(5):
            await asyncio.sleep(6)

    ended: list[float] = []

    def run() -> None:
        with pytest.raises(TimeoutError):
            loop.run_until_complete(scenario())
        ended.append(clock.now)

    clock.start(run)
    clock.run(until=lambda: False)
    assert ended == [5.0]


@pytest.mark.parametrize(("stands_still", "seconds"), [(True, 1.0), (False, 601.0)])
def test_a_frozen_loops_clock_may_stand_still(stands_still: bool, seconds: float) -> None:  # noqa: FBT001 - a case
    clock = VirtualClock()
    loop = loop_of(clock, stands_still=stands_still)
    times: list[float] = []

    async def ask() -> None:
        await asyncio.sleep(0.5)
        times.append(loop.time())

    def run() -> None:
        loop.run_until_complete(ask())
        clock.sleep(600.0)
        loop.run_until_complete(ask())

    clock.start(run)
    clock.run(until=lambda: False)
    assert times == [0.5, seconds]


def test_what_arrives_while_it_is_frozen_comes_after_what_was_ready() -> None:
    """As asyncio's own loop does: it looks at its sockets when it turns."""
    clock = VirtualClock()
    loop = loop_of(clock)
    order: list[str] = []
    loop.arrive(lambda: order.append("arrived"))

    async def first() -> None:
        order.append("task")
        await asyncio.sleep(0.1)

    clock.start(lambda: loop.run_until_complete(first()))
    clock.run(until=lambda: False)
    assert order == ["task", "arrived"]


def test_the_tasks_of_a_closed_loop_end_where_they_are() -> None:
    clock = VirtualClock()
    loop = loop_of(clock)
    ended: list[str] = []

    async def never() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("finally")

    async def start() -> None:
        loop.create_task(never())
        await asyncio.sleep(1)

    clock.start(lambda: loop.run_until_complete(start()))
    clock.run(until=lambda: False)
    loop.close()
    assert ended == ["finally"]
    assert loop.errors == []


def test_threads_work_side_by_side_up_to_their_number() -> None:
    clock = VirtualClock()
    loop, threads = loop_of(clock), SimulatedThreads(clock, 2)
    done: list[float] = []

    def work() -> None:
        clock.sleep(10.0)
        done.append(clock.now)

    async def scenario() -> None:
        await asyncio.gather(*(loop.run_in_executor(threads, work) for _ in range(3)))

    clock.start(lambda: loop.run_until_complete(scenario()))
    clock.run(until=lambda: False)
    assert done == [10.0, 10.0, 20.0]
