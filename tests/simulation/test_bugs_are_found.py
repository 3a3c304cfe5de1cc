"""The simulation itself: a consumer that is broken on purpose breaks a promise in it, and within few seeds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

import consumer.drain
from dev.simulation.environments import Handler
from dev.simulation.faults import Crashed, SimulatedFaults, Window, error
from dev.simulation.world import Setting, World, forebay

_SEEDS_MAX = 60
_HOUR = 3600.0


class Client:
    """DynamoDB's client, with the calls that the consumer makes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.real = world.dynamodb

    def describe_table(self, **request: Any) -> dict[str, Any]:
        return self.real.describe_table(**request)

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self.real.put_item(**request)


class Overwrite(Client):
    def put_item(self, **request: Any) -> dict[str, Any]:
        del request["ConditionExpression"]
        return super().put_item(**request)


class CheckThenWrite(Client):
    def put_item(self, **request: Any) -> dict[str, Any]:
        there = self.world.table.items.get(request["Item"]["id"]["S"])
        version = request["ExpressionAttributeValues"][":version"]["S"]
        if there and there["_forebay"]["M"]["version"]["S"] >= version:
            raise error("ConditionalCheckFailedException", "PutItem")
        del request["ConditionExpression"]
        return super().put_item(**request)


class RefuseOnThrottle(Client):
    def put_item(self, **request: Any) -> dict[str, Any]:
        try:
            return super().put_item(**request)
        except ClientError as throttle:
            if throttle.response["Error"]["Code"] == "ProvisionedThroughputExceededException":
                raise error("ValidationException", "PutItem") from throttle
            raise


def with_client(client: type[Client]) -> Callable[[World], Handler]:
    def environment(world: World) -> Handler:
        real = world.dynamodb
        world.dynamodb = cast("Any", client(world))
        try:
            return forebay(world)
        finally:
            world.dynamodb = real

    return environment


def half_of_the_failures_left_out(world: World) -> Handler:
    handler = forebay(world)

    def forgetful(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
        failures = handler(event, context)["batchItemFailures"]
        return {"batchItemFailures": failures[: len(failures) // 2]}

    return forgetful


def deleted_on_crash(world: World) -> Handler:
    handler = forebay(world)

    def cheerful(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
        try:
            return handler(event, context)
        except Crashed:
            return {"batchItemFailures": []}

    return cheerful


@dataclass(frozen=True)
class Case:
    environment: Callable[[World], Handler]
    faults: Callable[[], SimulatedFaults]
    setting: Setting
    renews: bool = True
    repaired: Setting | None = None
    """The setting of an unbroken consumer, if it is another one."""
    records: int = 40
    late_seconds: float = 2.0
    """Half of the records arrive at any moment until then."""


_RACE = Setting(units_per_second=100, workers=10, batch_size=1, window_seconds=0)
_SMALL_BATCHES = Setting(batch_size=10, window_seconds=0)
_DAYS = [Window(0, 96 * _HOUR)]
_CASES = {
    "is stopped by Lambda as a recursive loop": Case(
        forebay, lambda: SimulatedFaults(throttled=_DAYS), Setting(allows_loops=False), repaired=Setting()
    ),
    "has a hundred receives": Case(
        forebay,
        lambda: SimulatedFaults(invocations_throttled=[Window(0, 3 * _HOUR)]),
        Setting(receives_max=100),
        repaired=Setting(),
    ),
    "checks, then writes": Case(
        with_client(CheckThenWrite), lambda: SimulatedFaults(reorder=1.0), _RACE, late_seconds=0.05
    ),
    "overwrites blindly": Case(with_client(Overwrite), lambda: SimulatedFaults(reorder=1.0), _RACE, late_seconds=0.05),
    "dead-letters on a throttle": Case(with_client(RefuseOnThrottle), SimulatedFaults, _SMALL_BATCHES),
    "reports half of its failures": Case(
        half_of_the_failures_left_out, lambda: SimulatedFaults(throttled=[Window(0, 600)]), Setting()
    ),
    "says that all is well when it crashed": Case(deleted_on_crash, lambda: SimulatedFaults(crash=0.02), Setting()),
    "renews nothing": Case(
        forebay, lambda: SimulatedFaults(throttled=[Window(0, 360 * _HOUR)]), Setting(), renews=False, records=4
    ),
}


def run(seed: int, case: Case, environment: Callable[[World], Handler], setting: Setting) -> None:
    world = World(setting, case.faults(), seed, environment)
    for n in range(case.records):
        key, after = f"key-{n % 3}", world.random.choice([0.0, world.random.uniform(0, case.late_seconds)])
        world.clock.start(lambda key=key: world.accept(key, "x" * 500), after)  # type: ignore[misc] # a lambda's default
    world.drain(2.0, 20 * 24 * _HOUR)
    world.verify()


def first_broken(case: Case) -> int | None:
    """The first seed whose world breaks a promise."""
    for seed in range(_SEEDS_MAX):
        try:
            run(seed, case, case.environment, case.setting)
        except AssertionError:
            return seed
    return None


@pytest.mark.parametrize("name", _CASES)
def test_a_consumer_that_is_broken_on_purpose_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _CASES[name]
    with monkeypatch.context() as broken:
        if not case.renews:
            broken.setattr(consumer.drain, "needs_renewal", lambda *_: False)
        seed = first_broken(case)
    assert seed is not None, f"no promise was broken in {_SEEDS_MAX} worlds"
    for same in range(seed + 1):
        run(same, case, forebay, case.repaired or case.setting)
