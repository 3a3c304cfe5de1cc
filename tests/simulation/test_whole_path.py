"""Every promise, from a client's first try to the item: whole worlds from seeds, and bugs that they have to find."""

from dataclasses import replace

import pytest

from dev.simulation.path.bugs import BUGS
from dev.simulation.path.client import Habits
from dev.simulation.path.requests import RecordsRequest, SentRecord
from dev.simulation.path.runner import WorldOutcome, run, run_seed, story
from dev.simulation.path.scenario import draw
from dev.simulation.path.shrink import shrunk
from dev.simulation.path.world import PlannedRequest

_SEEDS, _CHUNK = 200, 40
_BUG_SEEDS_MAX = 500


@pytest.mark.parametrize("first", range(0, _SEEDS, _CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    for seed in range(first, first + _CHUNK):
        failure = run_seed(seed).failure
        assert failure is None, f"seed {seed}: {failure}. Its story: make simulate SEED={seed}"


@pytest.mark.parametrize("seed", [7, 23])
def test_a_seed_is_the_same_world_again(seed: int) -> None:
    """To the last event and its time."""

    def told() -> WorldOutcome:
        return run(draw(seed), is_told=True)

    first, second = told(), told()
    assert len(first.events) > 50
    assert first == second


_BROKEN = {
    "answers before SQS has confirmed": "accepted, and not durable",
    "confirms by position": "accepted, and not durable",
    "reuses a connection with bytes left over": "does not accept records, though nothing is wrong any more",
    "forgets to flush at SIGTERM": "accepted, and not durable",
    "takes the version before the body is there": "an older record won",
    "makes the same versions in two processes": "an id of its own is another record's as well",
    "accepts a lenient record and dead-letters it": "a good record was dead-lettered",
    "defers a message and re-enqueues it": "in two places",
    "keeps the memory of who went away": "bytes are held, and no request is there",
    "sends dead letters back under a new version": "a bad record was sent",
}
"""The promise that each breaks."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    broken = (run_seed(seed, bug).failure or "" for seed in range(_BUG_SEEDS_MAX))
    assert any(_BROKEN[bug] in each for each in broken), "that promise was not broken"


def test_the_story_of_a_bug_is_short() -> None:
    bug = "answers before SQS has confirmed"
    seed = next(seed for seed in range(_BUG_SEEDS_MAX) if run_seed(seed, bug).failure)
    told = story(seed, bug)
    assert told.failure
    assert len(told.events) <= 10
    assert told == story(seed, bug)


def test_only_a_scenario_that_fails_in_the_same_way_counts_as_smaller() -> None:
    """Of these two records, one alone fails in another way, and none does not fail."""
    sent = [SentRecord(f"r{n}", f'{{"id":"{n}","m":"r{n}"}}', str(n)) for n in range(2)]
    planned = [PlannedRequest(0.0, "client", Habits(), RecordsRequest((record,), "single")) for record in sent]
    scenario = replace(draw(1), requests=tuple(planned), bare=(), commands=())
    failures = {0: None, 1: "another: 1", 2: "lost: 2"}
    assert len(shrunk(scenario, lambda each: failures[len(each.requests)]).requests) == 2
