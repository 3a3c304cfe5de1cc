"""More messages than SQS hides: every other group that gets a slot is tried, and the others are hidden for a round."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery import Delivery
from consumer.schedule import HIDE_SECONDS_MAX, Schedule, is_between_steps
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import NOW_MS, batch
from tests.unit.consumer.worker import HIDDEN, MANY, NAMES, Worker, names, seconds

HOUR = 3600
_BESIDE_A_STEP_SECONDS = 30


def repeatable(seed: int = 1) -> Schedule:
    return Schedule(Random(seed).random)  # noqa: S311 - chance that can be repeated


# ── the schedule ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("hours", "share"), [(0.1, 0.5), (6, 0.5), (11, 0.5), (23, 1 / 3), (34.2, 1 / 4)])
def test_in_a_round_as_many_are_put_as_the_table_earns_though_each_leaves_its_slot_to_another(
    hours: float, share: float
) -> None:
    drawn = repeatable()
    tried = [drawn.is_tried(hours * HOUR) for _ in range(1000)]
    assert mean(tried) == pytest.approx(share, abs=0.01)
    hidden_in_a_row = max(len(run) for run in "".join(".x"[each] for each in tried).split("x"))
    assert hidden_in_a_row < 1.5 / share, "more even than chance"


def test_a_round_takes_as_long_as_the_table_needs_for_it_and_no_longer_than_sqs_hides() -> None:
    drawn = repeatable()
    assert [drawn.next_round(hours * HOUR, 0.0) for hours in (1, 100)] == [round(HOUR / 0.99), HIDE_SECONDS_MAX + 25]


def test_the_first_round_spreads_the_groups_evenly() -> None:
    drawn = repeatable()
    first = sorted(drawn.first_round(HOUR, 68.0) for _ in range(500))
    assert first[-1] <= HOUR / 0.99 + _BESIDE_A_STEP_SECONDS
    assert max(after - before for before, after in pairwise(first)) <= 2 * _BESIDE_A_STEP_SECONDS


@given(st.floats(0, 1), st.floats(1, 1e7), st.floats(0, 14 * 24 * HOUR))
def test_the_end_of_a_round_is_never_taken_for_that_of_a_step(
    chance: float, drain_seconds: float, waited_seconds: float
) -> None:
    drawn = Schedule(lambda: chance)
    for wait in (drawn.first_round(drain_seconds, waited_seconds), drawn.next_round(drain_seconds, waited_seconds)):
        assert not is_between_steps(2, waited_seconds + wait)


# ── which groups are held back ────────────────────────────────────────────────────────────────────────────────────────
_FULL = QueueDepth(visible=30_000, delayed=0, in_flight=120_000)
_ROUND_SECONDS = 12_121
"""120,000 ÷ `RATE` ÷ 0.99."""


def waiting(*, receives: int = 1, sent_seconds: float = 200.0) -> list[Delivery]:
    return [replace(each, sent_ms=NOW_MS - int(sent_seconds * 1000)) for each in batch(MANY[:20], receives)]


def known_to_be_full() -> Worker:
    worker = Worker(_FULL)
    worker.backlog.refresh()
    return worker


@pytest.mark.parametrize("receives", [1, 2, 3, 9])
def test_while_sqs_is_full_every_other_group_is_tried_and_the_rest_hidden_for_a_round(receives: int) -> None:
    worker = known_to_be_full()
    held = [worker.hold_back(*waiting(receives=receives)) for _ in range(4)]
    assert {wait for groups in held for wait in seconds(groups)} == {_ROUND_SECONDS}
    assert [len(names(groups)) for groups in held] == [1, 1, 1, 1]


def test_while_sqs_is_full_a_surge_that_has_just_filled_it_is_spread_over_the_round() -> None:
    worker = known_to_be_full()
    held = [wait for _ in range(20) for wait in seconds(worker.hold_back(*waiting(sent_seconds=170)))]
    assert len(held) == 40, "nothing is tried"
    assert max(held) <= _ROUND_SECONDS + 30
    assert max(after - before for before, after in pairwise([0, *sorted(held)])) < 3 * _ROUND_SECONDS / 40


def test_whether_sqs_is_full_is_asked_again_though_only_due_messages_come() -> None:
    worker = known_to_be_full()
    worker.time.now, worker.queue.depth_now = 31.0, HIDDEN
    assert worker.hold_back(*batch(NAMES, receives=3, waited_seconds=500, now=31)) == []
    assert worker.queue.asked == [0, 31]


# ── after a throttle ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_while_sqs_is_full_a_slow_table_gets_the_rest_soon_as_a_group_though_little_got_through() -> None:
    ((together, wait),) = Worker(_FULL, 5.0).after_throttle(*batch(NAMES, receives=2, waited_seconds=500), done=1)
    assert together == NAMES
    assert wait <= 20


def test_while_sqs_is_full_a_table_that_puts_a_full_batch_a_second_gets_the_rest_a_round_later() -> None:
    old = [replace(each, sent_ms=NOW_MS - 400_000) for each in batch(NAMES, receives=2, waited_seconds=400)]
    assert Worker(_FULL).after_throttle(*old) == [(NAMES, _ROUND_SECONDS)]
