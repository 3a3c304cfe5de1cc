"""The simulated event source mapping, by the rules that Lambda documents."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from dev.simulation.bill import INIT_SECONDS
from dev.simulation.environments import LIFE_SECONDS, Handler
from dev.simulation.event_source import IDLE_POLLERS, INVOKE_SECONDS, LONG_POLL_SECONDS
from dev.simulation.faults import Crashed, SimulatedFaults
from dev.simulation.world import Setting, World
from ops.prices import EMPTY_RECEIVES_A_MINUTE

_BATCH_OF_TEN = 10
_MEGABYTE = 1_000_000


class Function:
    """A function that takes `seconds`, fails the records that `fails` picks, and remembers its invocations."""

    def __init__(self, seconds: float = 1.0, fails: Callable[[dict[str, Any]], bool] = lambda _: False) -> None:
        self.seconds, self.fails = seconds, fails
        self.began: list[float] = []
        self.events: list[list[dict[str, Any]]] = []
        self.environments = 0
        self.used: list[int] = []
        self.at_once = self.at_once_max = 0

    def __call__(self, world: World) -> Handler:
        self.environments += 1
        number = self.environments

        def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
            self.began.append(world.clock.now)
            self.events.append(event["Records"])
            self.used.append(number)
            self.at_once += 1
            self.at_once_max = max(self.at_once, self.at_once_max)
            world.clock.sleep(self.seconds)
            self.at_once -= 1
            return {
                "batchItemFailures": [
                    {"itemIdentifier": each["messageId"]} for each in event["Records"] if self.fails(each)
                ]
            }

        return handler

    @property
    def sizes(self) -> list[int]:
        return [len(event) for event in self.events]


def world_of(function: Callable[[World], Handler], faults: SimulatedFaults | None = None, **setting: Any) -> World:
    return World(
        Setting(verify_deletes=False, **{"fresh_share": 0.0, "batch_size": 10, "window_seconds": 0.0, **setting}),
        faults or SimulatedFaults(),
        1,
        function,
    )


def send(world: World, count: int, at: float = 0.0, size: int = 10) -> None:
    def accept() -> None:
        for n in range(count):
            world.accept(f"{at}-{n}", "x" * size)

    if at:
        world.clock.start(accept, after=at)
    else:
        accept()


def run(world: World, seconds: float) -> None:
    world.drain(seconds, seconds)


def every(world: World, seconds: float, count: int, at: float = 0.0) -> None:
    for n in range(count):
        send(world, 1, at + n * seconds)


def test_an_idle_queue_costs_five_empty_receives_every_twenty_seconds() -> None:
    world = world_of(Function())
    run(world, 3600.0)
    assert world.bill.requests == pytest.approx(3600 / LONG_POLL_SECONDS * IDLE_POLLERS)
    assert world.bill.requests == pytest.approx(60 * EMPTY_RECEIVES_A_MINUTE)


def test_at_the_maximum_of_invocations_nothing_is_read_and_no_poll_is_paid_for() -> None:
    function = Function(seconds=50.0)
    world = world_of(function, workers=2)
    send(world, 100)
    run(world, 49.0)
    assert function.at_once_max == 2
    assert world.queue.counts().in_flight == 20
    assert world.bill.idle_receives < 0.1


@pytest.mark.parametrize("workers", [2, 7])
def test_there_are_never_more_invocations_than_the_maximum(workers: int) -> None:
    function = Function(seconds=3.0)
    world = world_of(function, workers=workers)
    send(world, 600)
    world.drain(0.0, 10_000.0)
    assert function.at_once_max == workers
    assert sum(function.sizes) == 600


def test_a_message_ends_a_long_poll_at_once() -> None:
    function = Function()
    world = world_of(function)
    send(world, 1, at=33.3)
    run(world, 40.0)
    assert function.began == [pytest.approx(33.3 + INIT_SECONDS + INVOKE_SECONDS)]


def test_what_fails_is_invoked_again_when_its_visibility_timeout_ends() -> None:
    function = Function(fails=lambda record: record["attributes"]["ApproximateReceiveCount"] == "1")
    world = world_of(function)
    send(world, 3)
    world.drain(0.0, 1000.0)
    first, second = function.began
    assert second - first == pytest.approx(world.setting.visibility_seconds - INIT_SECONDS)


def test_a_record_carries_the_time_of_its_first_receive() -> None:
    function = Function(fails=lambda record: record["attributes"]["ApproximateReceiveCount"] == "1")
    world = world_of(function)
    send(world, 1, at=20.0)
    world.drain(100.0, 1000.0)
    times = [event[0]["attributes"]["ApproximateFirstReceiveTimestamp"] for event in function.events]
    assert times == [str(world.clock.now_ms() - int((world.clock.now - 20.0) * 1000))] * 2


def test_without_a_window_a_batch_is_what_one_receive_returned() -> None:
    function = Function()
    world = world_of(function, SimulatedFaults(partial_receives=True))
    send(world, 500)
    world.drain(0.0, 10_000.0)
    assert set(function.sizes) == set(range(1, 11))
    assert world.bill.sqs_requests["ReceiveMessage"] == len(function.sizes)


def test_a_window_gathers_until_it_is_over() -> None:
    function = Function()
    world = world_of(function, workers=2, window_seconds=5.0, batch_size=100)
    every(world, 0.1, 30)
    run(world, 20.0)
    assert sum(function.sizes) == 30
    assert len(function.sizes) == 2
    assert min(function.began) == pytest.approx(5.0 + INIT_SECONDS + INVOKE_SECONDS, abs=0.01)


def test_a_window_ends_early_when_the_batch_is_full() -> None:
    function = Function()
    world = world_of(function, workers=2, window_seconds=300.0, batch_size=1000)
    send(world, 2000)
    world.drain(0.0, 10_000.0)
    assert function.sizes == [1000, 1000]
    assert max(function.began) < 1.0
    assert world.bill.sqs_requests["ReceiveMessage"] == 200
    assert world.bill.sqs_requests["DeleteMessageBatch"] == 200


def test_a_batch_closes_at_six_megabytes_and_nothing_is_lost() -> None:
    function = Function()
    world = world_of(function, workers=2, window_seconds=10.0, batch_size=100)
    send(world, 23, size=_MEGABYTE)
    world.drain(0.0, 10_000.0)
    assert sum(function.sizes) == 23
    assert max(function.sizes) == 6
    assert world.queue.receives == 23


def test_visibility_counts_from_the_receive_and_not_from_the_windows_end() -> None:
    function = Function(fails=lambda record: record["attributes"]["ApproximateReceiveCount"] == "1")
    world = world_of(function, window_seconds=60.0, batch_size=100, workers=1)
    send(world, 1)
    world.drain(0.0, 1000.0)
    received_again = function.began[1] - 60.0 - INVOKE_SECONDS
    assert received_again == pytest.approx(world.setting.visibility_seconds)


@pytest.mark.parametrize("setting", [{"batch_size": 11}, {"batch_size": 10_001, "window_seconds": 1.0}])
def test_a_large_batch_needs_a_window(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="window"):
        world_of(Function(), **setting)


def test_a_window_that_ends_without_a_message_costs_an_empty_receive() -> None:
    function = Function()
    world = world_of(function, window_seconds=50.0, batch_size=100, workers=1)
    send(world, 1)
    run(world, 60.0)
    assert function.sizes == [1]
    assert world.bill.sqs_requests["EmptyReceive"] == 3


def test_a_warm_environment_is_used_again_by_any_poller() -> None:
    function = Function()
    world = world_of(function, workers=2)
    every(world, 2.0, 200)
    run(world, 500.0)
    assert len(function.sizes) == 200
    assert function.environments == 1


def test_which_of_the_warm_environments_is_used_is_chance() -> None:
    function = Function()
    world = world_of(function, workers=4)
    send(world, 40)
    every(world, 10.0, 100, at=10.0)
    run(world, 1100.0)
    assert function.environments == 4
    assert any(one == another for one, another in pairwise(function.used[4:])), "they take turns"
    assert all(15 < function.used.count(number) < 40 for number in range(1, 5))


def test_an_environment_is_started_when_none_is_free() -> None:
    function = Function(seconds=5.0)
    world = world_of(function, workers=4)
    send(world, 400)
    world.drain(0.0, 10_000.0)
    assert function.environments == 4


def test_one_invocation_in_twenty_gets_a_fresh_environment() -> None:
    function = Function(seconds=0.1)
    world = world_of(function, workers=2, fresh_share=0.05)
    send(world, 20_000)
    world.drain(0.0, 10_000.0)
    assert function.environments / len(function.sizes) == pytest.approx(0.05, rel=0.25)
    assert world.bill.cold_starts == function.environments


def test_an_environment_ends_two_hours_after_its_birth() -> None:
    function = Function()
    world = world_of(function)
    every(world, 60.0, 300)
    run(world, 300 * 60.0)
    assert function.environments == -(-300 * 60 // int(LIFE_SECONDS))


def test_a_crash_ends_the_environment_and_its_batch_returns() -> None:
    function = Function(seconds=0.0)
    crashes = [True, False]

    def environment(world: World) -> Handler:
        handler = function(world)

        def crashing(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
            if crashes.pop(0):
                raise Crashed
            return handler(event, context)

        return crashing

    world = world_of(environment)
    send(world, 10)
    world.drain(0.0, 1000.0)
    assert function.environments == 2
    assert [record["attributes"]["ApproximateReceiveCount"] for record in function.events[0]] == ["2"] * _BATCH_OF_TEN


def test_the_bill_of_a_world_is_what_happened_in_it() -> None:
    function = Function(seconds=1.0)
    world = world_of(function, workers=1)
    send(world, 100)
    world.drain(0.0, 1000.0)
    bill = world.bill
    assert (bill.invocations, bill.cold_starts) == (10, 1)
    assert bill.billed_ms == 10 * 1025 + 300
    assert bill.sqs_requests == {"ReceiveMessage": 10, "DeleteMessageBatch": 10}


def test_a_receive_of_large_messages_is_several_requests() -> None:
    world = world_of(Function(), workers=1)
    send(world, 10, size=65_536)
    world.drain(0.0, 1000.0)
    assert world.bill.sqs_requests["ReceiveMessage"] == 11
