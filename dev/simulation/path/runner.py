"""Runs worlds of the whole path: whether each keeps every promise, and the story of one."""

import traceback
from collections import Counter
from dataclasses import dataclass, fields, replace

from dev.simulation.faults import SimulatedFaults
from dev.simulation.path.apps import AppPool
from dev.simulation.path.bugs import planted
from dev.simulation.path.faults import PathFaults
from dev.simulation.path.scenario import draw
from dev.simulation.path.shrink import shrunk
from dev.simulation.path.story import Event
from dev.simulation.path.world import PathWorld, Scenario

FAULTS = sorted(
    {each.name for kind in (SimulatedFaults, PathFaults) for each in fields(kind)} - {"hot_key_units_per_second"}
)
"""All that may happen. The one left out says how a fault is, not that it happens."""
_APPS = AppPool()


@dataclass(frozen=True, slots=True)
class WorldOutcome:
    """Of one world."""

    seed: int
    records: int
    failure: str | None
    """The promise that it broke; for an error that is no promise, the traceback."""
    events: list[Event]
    happened: Counter[str]
    """How often each fault has."""


def run(scenario: Scenario, bug: str | None = None, *, is_told: bool = False) -> WorldOutcome:
    world = PathWorld(scenario, _APPS, is_told=is_told)
    failure = None
    try:
        with planted(bug, world):
            world.run()
    except AssertionError as broken:
        failure = str(broken)
    except Exception:  # noqa: BLE001 - whatever it is, it is shown with its seed
        failure = traceback.format_exc()
    world.story.tell("world", lambda: failure or "every promise is kept")
    happened = world.chance.happened + world.buffer.chance.happened
    outcome = WorldOutcome(scenario.seed, world.ledger.records, failure, list(world.story.events), happened)
    world.close()
    return outcome


def run_seed(seed: int, bug: str | None = None) -> WorldOutcome:
    return run(draw(seed), bug)


def story(seed: int, bug: str | None = None) -> WorldOutcome:
    """The world of that seed with its timeline; the smallest one that breaks the same promise, if it breaks one."""
    scenario = draw(seed)
    if run(scenario, bug).failure:
        scenario = shrunk(scenario, lambda simpler: run(simpler, bug).failure)
    return replace(run(scenario, bug, is_told=True), seed=seed)  # a smaller world may have another chance
