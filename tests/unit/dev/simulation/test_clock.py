"""The virtual clock: tasks take turns, share a processor, and end at their deadline with what they started."""

from collections.abc import Callable
from typing import Any

import pytest

from dev.simulation.clock import Cpu, Killed, VirtualClock
from dev.simulation.faults import Crashed


def finished(clock: VirtualClock, task: Callable[[], Any]) -> Any:
    """What the task returned or raised, and when."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(task())
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            outcome.append(error)
        outcome.append(clock.now)

    clock.start(run)
    clock.run(until=lambda: False)
    return tuple(outcome)


def test_a_map_returns_results_in_order_and_waits_for_all() -> None:
    clock = VirtualClock()

    def work(seconds: int) -> int:
        clock.sleep(seconds)
        return seconds * 10

    assert finished(clock, lambda: clock.map(work, [3, 1, 2], at_once=3)) == ([30, 10, 20], 3.0)


def test_a_map_of_nothing_and_of_one_item() -> None:
    clock = VirtualClock()
    assert finished(clock, lambda: clock.map(str, [], at_once=2)) == ([], 0.0)
    assert finished(clock, lambda: clock.map(str, [7], at_once=2)) == (["7"], 0.0)


@pytest.mark.parametrize(("at_once", "seconds"), [(1, 12.0), (2, 6.0), (4, 3.0), (5, 3.0), (12, 1.0), (99, 1.0)])
def test_a_map_runs_at_most_so_many_calls_at_once(at_once: int, seconds: float) -> None:
    clock = VirtualClock()
    _, at = finished(clock, lambda: clock.map(lambda _: clock.sleep(1.0), range(12), at_once))
    assert at == seconds


def test_a_map_needs_somebody_to_do_the_work() -> None:
    clock = VirtualClock()
    outcome, _ = finished(clock, lambda: clock.map(str, [1, 2], at_once=0))
    assert isinstance(outcome, ValueError)


def test_an_error_is_raised_when_every_call_has_ended_and_the_first_items_wins() -> None:
    clock = VirtualClock()
    done: list[int] = []

    def work(item: int) -> None:
        clock.sleep(10 - item)
        done.append(item)
        if item in {0, 1}:
            raise LookupError(item)

    outcome, at = finished(clock, lambda: clock.map(work, range(5), at_once=2))
    assert isinstance(outcome, LookupError)
    assert outcome.args == (0,), "it ended later than the second one"
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert at > 20


@pytest.mark.parametrize("end", [Crashed, Killed])
def test_the_end_of_the_process_ends_the_other_calls_where_they_are(end: type[BaseException]) -> None:
    clock = VirtualClock()
    begun: list[int] = []
    done: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        clock.sleep(5 if item == 1 else 7)
        if item == 1:
            raise end
        done.append(item)

    outcome, at = finished(clock, lambda: clock.map(work, range(9), at_once=3))
    assert isinstance(outcome, end)
    assert at == 5.0
    assert begun == [0, 1, 2]
    assert done == []


def test_a_crash_before_the_others_have_begun_ends_them_too() -> None:
    clock = VirtualClock()
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise Crashed

    outcome, at = finished(clock, lambda: clock.map(work, range(4), at_once=4))
    assert isinstance(outcome, Crashed)
    assert (begun, at) == ([0], 0.0)


def test_the_callers_deadline_ends_its_calls_and_itself_together() -> None:
    clock = VirtualClock()
    ended: list[tuple[int, float]] = []

    def work(item: int) -> None:
        try:
            clock.sleep(100)
        finally:
            ended.append((item, clock.now))

    def caller() -> None:
        clock.kill_at(30.0)
        clock.map(work, range(9), at_once=2)

    outcome, at = finished(clock, caller)
    assert isinstance(outcome, Killed)
    assert at == 30.0
    assert ended == [(0, 30.0), (1, 30.0)]


def test_the_deadline_reaches_a_map_inside_a_map() -> None:
    clock = VirtualClock()
    ended: list[float] = []

    def inner(_item: int) -> None:
        try:
            clock.sleep(100)
        finally:
            ended.append(clock.now)

    def caller() -> None:
        clock.kill_at(30.0)
        clock.map(lambda _: clock.map(inner, range(2), at_once=2), range(2), at_once=2)

    outcome, at = finished(clock, caller)
    assert isinstance(outcome, Killed)
    assert at == 30.0
    assert ended == [30.0] * 4


def test_a_crash_reaches_a_map_inside_a_map() -> None:
    clock = VirtualClock()
    ended: list[float] = []

    def inner(_item: int) -> None:
        try:
            clock.sleep(100)
        finally:
            ended.append(clock.now)

    def outer(item: int) -> None:
        if item:
            clock.sleep(4)
            raise Crashed
        clock.map(inner, range(2), at_once=2)

    outcome, at = finished(clock, lambda: clock.map(outer, range(2), at_once=2))
    assert isinstance(outcome, Crashed)
    assert (ended, at) == ([4.0, 4.0], 4.0)


def test_a_map_that_ends_before_the_deadline_leaves_it_in_force() -> None:
    clock = VirtualClock()

    def caller() -> None:
        clock.kill_at(30.0)
        clock.map(lambda _: clock.sleep(10), range(2), at_once=2)
        clock.sleep(100)

    outcome, at = finished(clock, caller)
    assert isinstance(outcome, Killed)
    assert at == 30.0


def test_waiting_overlaps_and_processor_time_adds_up() -> None:
    clock = VirtualClock()

    def caller() -> None:
        clock.run_on(Cpu(cores=0.5))
        clock.map(lambda _: clock.compute(1.0, wait=5.0), range(4), at_once=4)

    assert finished(clock, caller) == (None, 4 * 1.0 / 0.5 + 5.0)


def test_another_environment_has_its_own_processor() -> None:
    clock = VirtualClock()
    ended: list[float] = []

    def caller() -> None:
        clock.run_on(Cpu(cores=1.0))
        clock.compute(3.0)
        ended.append(clock.now)

    clock.start(caller)
    clock.start(caller)
    clock.run(until=lambda: False)
    assert ended == [3.0, 3.0]


def test_when_the_time_is_up_it_is_that_time() -> None:
    clock = VirtualClock()
    clock.start(lambda: clock.sleep(100.0))
    clock.run(until=lambda: False, seconds_max=30.0)
    assert clock.now == 30.0


def test_a_task_that_waits_is_woken_once() -> None:
    clock = VirtualClock()
    woken: list[float] = []

    def waits() -> None:
        clock.wait(50.0)
        woken.append(clock.now)
        clock.sleep(100.0)
        woken.append(clock.now)

    task = clock.start(waits)
    clock.start(lambda: clock.wake(task), after=20.0)
    clock.run(until=lambda: False)
    assert woken == [20.0, 120.0]
