"""A scenario that breaks a promise, made as small as it can be: what is left tells the story."""

import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, replace
from itertools import islice
from typing import Any

from dev.simulation.faults import SimulatedFaults
from dev.simulation.path.api import ApiSetting
from dev.simulation.path.client import Habits
from dev.simulation.path.faults import PathFaults
from dev.simulation.path.world import PlannedRequest, Scenario
from dev.simulation.world import Setting

_CHANCES = 4
"""How many worlds of each simpler scenario are tried."""
_LISTS = ("requests", "bare", "reads", "commands")


def shrunk(scenario: Scenario, failure: Callable[[Scenario], str | None], steps_max: int = 500) -> Scenario:
    """The smallest one found that fails as this one does; `failure` runs one and says how it fails."""
    kind = _kind(failure(scenario))
    position, is_simpler = 0, False
    for _ in range(steps_max):
        candidate = next(islice(_simpler(scenario), position, None), None)
        if candidate is None:
            if not is_simpler:
                break
            position, is_simpler = 0, False  # what could not be left out before may be now
            continue
        failing = next((each for each in _chances(candidate) if _kind(failure(each)) == kind), None)
        if failing:
            scenario, is_simpler = failing, True  # and on from the same step, which is another one now
        else:
            position += 1
    return scenario


def _chances(scenario: Scenario) -> Iterator[Scenario]:
    """What is left out changes chance for all that is left. So the same is tried with some other chances."""
    return (replace(scenario, seed=scenario.seed + more) for more in range(_CHANCES))


def _kind(failure: str | None) -> str | None:
    """Without the numbers, and what the failing record holds."""
    return failure and re.sub(r"\d+", "", failure.partition(":")[0])


def _simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Ever smaller steps: without half of a list, without a quarter … and then without one fault after the other."""
    for name in _LISTS:
        for shorter in _shorter(getattr(scenario, name)):
            yield replace(scenario, **{name: shorter})  # type: ignore[arg-type] # one of the lists
    yield from _without(scenario, "path_faults", PathFaults())
    yield from _without(scenario, "faults", SimulatedFaults())
    yield from _without(scenario, "api", ApiSetting(processes=1))
    yield from _without(scenario, "setting", Setting(units_per_second=100))
    for position, planned in enumerate(scenario.requests):
        for simpler in _simpler_request(planned):
            yield replace(scenario, requests=_with(scenario.requests, position, simpler))


def _simpler_request(planned: PlannedRequest) -> Iterator[PlannedRequest]:
    records = planned.request.records
    for kept in _shorter(records):
        if kept:
            yield replace(planned, request=replace(planned.request, records=kept))
    for habits in _usual(planned.habits, Habits()):
        yield replace(planned, habits=habits)


def _shorter(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Without all of them, without one half, the other half, a quarter … one."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]
        size //= 2


def _with(items: tuple[Any, ...], position: int, item: object) -> tuple[Any, ...]:
    return (*items[:position], item, *items[position + 1 :])


def _without(scenario: Scenario, name: str, usual: Any) -> Iterator[Scenario]:  # noqa: ANN401 - any of the dataclasses
    for simpler in _usual(getattr(scenario, name), usual):
        yield replace(scenario, **{name: simpler})


def _usual(given: Any, usual: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """With all fields as usual, and then each of them."""
    if given != usual:
        yield usual
    for each in fields(given):
        assert each.default is not MISSING or each.default_factory is not MISSING, "a field without a default"
        if getattr(given, each.name) != getattr(usual, each.name):
            yield replace(given, **{each.name: getattr(usual, each.name)})
