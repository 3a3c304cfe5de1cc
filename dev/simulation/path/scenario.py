"""A scenario, drawn from a seed: how large its world is, what is sent, and what goes wrong."""

from collections.abc import Iterator
from itertools import count
from random import Random

from api.composition import MemoryLimits
from dev.simulation.faults import SimulatedFaults, Window
from dev.simulation.path.api import ApiSetting
from dev.simulation.path.client import drawn_habits
from dev.simulation.path.faults import PathFaults
from dev.simulation.path.requests import SentRecord, drawn_request, special_request
from dev.simulation.path.world import PlannedCommand, PlannedRead, PlannedRequest, Scenario
from dev.simulation.queue import IN_FLIGHT_MAX
from dev.simulation.world import Setting

_HOUR = 3600.0
_FAIR = 0.15
"""The share of worlds in which nothing goes wrong behind the queue: the table is only slow."""
_SPECIAL = 0.05
"""The share of worlds with a request that is seldom."""
_CRASHES = 0.004
"""The share of worlds with a record that ends the process. It takes a day until SQS gives that up."""
_OUTAGE = 0.006
"""The share of worlds that have no table for so long that messages are re-enqueued, which SQS sometimes refuses."""
_PILE = 0.03
"""The share of worlds in which so many bad records come at once that a batch has hardly time for them."""
_DAY = 24 * _HOUR
_POISON = [
    ('{{"m":"{m}"', "json_malformed"),
    ('{{"id":"","m":"{m}"}}', "key_invalid"),
    ('["{m}"]', "record_not_an_object"),
]


def draw(seed: int) -> Scenario:
    random = Random(seed)
    seconds = random.choice([5.0, 60.0, 300.0])
    numbers = count()
    special = random.choice([[], [], ["refused-1", "refused-2"]]) + (["crashes"] if random.random() < _CRASHES else [])
    keys = [f"key-{n}" for n in range(random.choice([3, 20, 200]))] + ["hot", *special]
    clients = [(f"client-{n}", drawn_habits(random)) for n in range(random.choice([1, 3, 10]))]
    requests = []
    for _ in range(random.choice([5, 10, 20, 40])):
        name, habits = random.choice(clients)
        at = random.choice([0.0, seconds / 2, random.uniform(0, seconds)])
        requests.append(PlannedRequest(at, name, habits, drawn_request(random, numbers, keys)))
    if random.random() < _SPECIAL:
        at = random.uniform(0, seconds)
        requests.append(PlannedRequest(at, "client-special", drawn_habits(random), special_request(random, numbers)))
    return Scenario(
        seed=seed,
        setting=_setting(random),
        api=_api(random),
        faults=_faults(random, seconds),
        path_faults=_path_faults(random, seconds),
        requests=tuple(requests),
        bare=tuple(
            (random.uniform(0, seconds), _bare(random, next(numbers), keys, 0.2))
            for _ in range(random.choice([0, 0, 5, 10]))
        )
        + _pile(random, numbers, keys, seconds),
        reads=tuple(_read(random, keys, seconds) for _ in range(random.choice([0, 0, 5, 15]))),
        commands=tuple(
            PlannedCommand(
                random.uniform(0, 2 * seconds),
                random.choice(["send-back", "send-back", "drop", "move"]),
                random.choice([None, None, None, random.uniform(0, 2.0)]),
            )
            for _ in range(random.choice([0, 0, 1, 3]))
        ),
        disturbed_seconds=seconds + random.choice([0.0, 60.0]),
    )


def _bare(random: Random, number: int, keys: list[str], bad_share: float) -> SentRecord:
    marker = f"r{number}"
    if random.random() < bad_share:
        template, reason = random.choice(_POISON)
        return SentRecord(marker, template.format(m=marker), None, reason)
    key = random.choice(keys)
    return SentRecord(marker, f'{{"id":"{key}","m":"{marker}"}}', key)


def _pile(
    random: Random, numbers: Iterator[int], keys: list[str], seconds: float
) -> tuple[tuple[float, SentRecord], ...]:
    """In some worlds, a producer that is broken."""
    at = random.uniform(0, seconds)
    size = 120 if random.random() < _PILE else 0
    return tuple((at, _bare(random, next(numbers), keys, 0.7)) for _ in range(size))


def _read(random: Random, keys: list[str], seconds: float) -> PlannedRead:
    path = random.choice(["/records", "/records", "/buffer", "/ready"])
    return PlannedRead(random.uniform(0, 2 * seconds), path, random.choice(keys) if path == "/records" else "")


def _setting(random: Random) -> Setting:
    return Setting(
        units_per_second=random.choice([1, 5, 5, 20, 20, 100, 100, 1000]),
        burst_seconds=random.choice([0, 0, 10, 300]),
        workers=random.choice([2, 2, 3, 10]),
        batch_size=random.choice([1, 5, *[10] * 10, *[100] * 28]),
        window_seconds=random.choice([1, 1, 20]),
        fresh_share=random.choice([0, 0.05, 0.5]),
        memory_mb=random.choice([128, 512, 1769]),
        in_flight_max=random.choice([IN_FLIGHT_MAX] * 5 + [12]),
    )


def _api(random: Random) -> ApiSetting:
    tight = MemoryLimits(bodies=20_000, messages=40_000, letters=5000)
    return ApiSetting(
        processes=random.choice([1, 2, 3]),
        is_function=random.random() < 0.35,  # noqa: PLR2004 - a third
        backlog_hours_max=random.choice([0.0, 0.0, 0.0, 0.01]),
        memory=random.choice([MemoryLimits(), MemoryLimits(), tight]),
        thread_seconds_max=random.choice([0.01, 0.01, 0.5, 3.0]),
        stands_still=random.random() < 0.5,  # noqa: PLR2004 - half of them
        clocks_differ=random.random() < 0.5,  # noqa: PLR2004 - half of them
    )


def _sometimes(random: Random, share: float, odds: float = 0.25) -> float:
    return share * random.random() if random.random() < odds else 0.0


def _window(random: Random, odds: float, begins_before: float, seconds_max: float) -> list[Window]:
    if random.random() >= odds:
        return []
    begins = random.uniform(0, begins_before)
    return [Window(begins, begins + random.uniform(0, seconds_max))]


def _faults(random: Random, seconds: float) -> SimulatedFaults:
    """Behind the queue. Most last for minutes, some for hours, few for a day."""
    if random.random() < _FAIR:
        return SimulatedFaults(reorder=_sometimes(random, 1.0), partial_receives=random.random() < 0.5)  # noqa: PLR2004 - half of them
    if random.random() < _OUTAGE:
        begins = random.uniform(0, seconds)
        return SimulatedFaults(missing=[Window(begins, begins + 11 * _HOUR)], queue_call_fails=0.4)
    long = random.choice([60.0] * 9 + [600.0] * 10 + [_HOUR] + [_DAY if random.random() < 0.05 else _HOUR])  # noqa: PLR2004 - one of four hundred
    return SimulatedFaults(
        crash=_sometimes(random, 0.03),
        server_error=_sometimes(random, 0.5),
        timeout=_sometimes(random, 0.2),
        dead_letter_fails=_sometimes(random, 0.8),
        queue_call_fails=_sometimes(random, 0.5),
        queue_call_slow=_sometimes(random, 1.0, 0.1),
        duplicate=_sometimes(random, 0.2),
        reorder=_sometimes(random, 1.0),
        unreasoned=_sometimes(random, 1.0),
        partial_receives=random.random() < 0.5,  # noqa: PLR2004 - half of them
        throttled=_window(random, 0.15, seconds, long),
        index_throttled=_window(random, 0.1, seconds, long),
        misconfigured=_window(random, 0.05, seconds, long),
        missing=_window(random, 0.05, seconds, long),
        invocations_throttled=_window(random, 0.1, seconds, long),
        refused_until=random.choice([float("inf"), random.uniform(0, 2 * seconds)]),
        capacity=[
            (random.uniform(0, 600), float(random.choice([1, 3, 10, 50]))) for _ in range(random.choice([0, 0, 1, 3]))
        ],
        burst=[(random.uniform(0, 600), float(random.choice([0, 300]))) for _ in range(random.choice([0, 0, 2]))],
        hot_key="hot" if random.random() < 0.2 else None,  # noqa: PLR2004 - one of five
        hot_key_units_per_second=random.choice([0.2, 1.0]),
    )


def _path_faults(random: Random, seconds: float) -> PathFaults:
    """In front of it."""

    def moments(number: int) -> list[tuple[float, int]]:
        return [(random.uniform(0, seconds), random.randrange(3)) for _ in range(number)]

    return PathFaults(
        request_lost=_sometimes(random, 0.2),
        answer_lost=_sometimes(random, 0.3),
        answer_late=_sometimes(random, 0.3),
        call_fails=_sometimes(random, 0.4),
        entry_fails=_sometimes(random, 0.4),
        entry_unmentioned=_sometimes(random, 0.2),
        connect_fails=_sometimes(random, 0.3),
        connection_closed=_sometimes(random, 0.3),
        bytes_left_over=_sometimes(random, 0.3),
        sqs_down=_window(random, 0.1, seconds, 60.0),
        client_answer_lost=_sometimes(random, 0.3),
        client_disconnects=_sometimes(random, 0.3),
        killed=moments(random.choice([0, 0, 1, 4])),
        terminated=moments(random.choice([0, 1, 4])),
        recycled=_sometimes(random, 1.0),
        function_stops=_sometimes(random, 0.3),
        clock_steps=_sometimes(random, 0.3),
    )
