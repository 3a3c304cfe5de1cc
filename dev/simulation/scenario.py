"""A world's faults, drawn from a seed, and its run to the end."""

from random import Random

from dev.simulation.faults import SimulatedFaults, Window
from dev.simulation.world import Setting, World

_HOUR = 3600.0
_ARRIVALS_SECONDS = 600.0
_SECONDS_MAX = 60 * 24 * _HOUR
_POISON = [("{", "json_malformed"), ('{"id":""}', "key_invalid"), ("[]", "record_not_an_object")]


def setting_of(random: Random) -> Setting:
    return Setting(
        units_per_second=random.choice([1, 2, 5, 20, 100]),
        burst_seconds=random.choice([0, 0, 10, 300]),
        workers=random.choice([2, 2, 3, 10]),
        batch_size=random.choice([1, 5, 10, 10]),
        window_seconds=random.choice([0, 0, 1, 20]),
        fresh_share=random.choice([0, 0.05, 0.5]),
        memory_mb=random.choice([128, 512, 1769]),
    )


def faults_of(random: Random) -> SimulatedFaults:
    def sometimes(share: float) -> float:
        return share * random.random() if random.random() < 0.3 else 0.0  # noqa: PLR2004 - in three of ten worlds

    def window(odds: float, seconds_max: float) -> list[Window]:
        if random.random() >= odds:
            return []
        begins = random.uniform(0, _ARRIVALS_SECONDS)
        return [Window(begins, begins + random.uniform(0, seconds_max))]

    capacity = [
        (random.uniform(0, 600), float(random.choice([1, 3, 10, 50]))) for _ in range(random.choice([0, 0, 1, 3]))
    ]
    return SimulatedFaults(
        crash=sometimes(0.05),
        server_error=sometimes(0.5),
        timeout=sometimes(0.2),
        dead_letter_fails=sometimes(0.8),
        queue_call_fails=sometimes(0.5),
        duplicate=sometimes(0.3),
        reorder=sometimes(1.0),
        unreasoned=sometimes(1.0),
        throttled=window(0.2, random.choice([_HOUR, 24 * _HOUR])),
        misconfigured=window(0.1, random.choice([_HOUR, 24 * _HOUR])),
        missing=window(0.1, random.choice([_HOUR, 24 * _HOUR])),
        invocations_throttled=window(0.1, 12 * _HOUR),
        capacity=capacity,
        hot_key="hot" if random.random() < 0.2 else None,  # noqa: PLR2004 - in one of five worlds
        hot_key_units_per_second=random.choice([0.05, 1.0]),
        partial_receives=random.random() < 0.5,  # noqa: PLR2004 - in half of the worlds
        burst=[(random.uniform(0, 600), float(random.choice([0, 300]))) for _ in range(random.choice([0, 0, 2]))],
    )


def fill(world: World, random: Random) -> int:
    """Lets records arrive, good and bad ones, early and late; how many."""
    keys = [f"key-{n}" for n in range(random.choice([3, 20, 60]))] + ["hot"]
    arrivals = random.randint(10, 60)
    for _ in range(arrivals):
        key, content, bare = random.choice(keys), "x" * random.choice([1, 500, 4000]), random.random() < 0.2  # noqa: PLR2004
        after = random.choice([0.0, random.uniform(0, _ARRIVALS_SECONDS)])
        world.clock.start(lambda key=key, content=content, bare=bare: world.accept(key, content, bare=bare), after)  # type: ignore[misc] # a lambda's defaults
    for body, reason in random.sample(_POISON, random.choice([0, 0, 1, 3])):
        world.poison(body, reason)
    for key in random.sample(["refused", "crashes"], random.choice([0, 0, 1, 2])):
        world.accept(key)
    return arrivals


def run(seed: int) -> World:
    """Raises `AssertionError` when a promise is broken."""
    random = Random(seed)
    world = World(setting_of(random), faults_of(random), seed)
    arrivals = fill(world, random)
    world.drain(_ARRIVALS_SECONDS, _SECONDS_MAX)
    assert arrivals  # a world without records proves nothing
    world.verify()
    return world
