"""The schedule: moments that fill the time which the table needs, steps for long waits, and soon for what was due."""

import heapq
from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.schedule import (
    COUNTS_AGE_SECONDS_MAX,
    HIDE_SECONDS_MAX,
    Schedule,
    are_counts_shown,
    is_between_steps,
    is_first_minute,
)

HOUR = 3600
_STEP_SECONDS = 900
_BESIDE_A_STEP_SECONDS = 30
_DELIVERY_SECONDS = st.floats(0, 10)
"""What SQS and Lambda take to deliver a message whose moment has come."""
_CHANCE = st.floats(0, 1)
_DRAIN_SECONDS = st.floats(1, 1e7)
_WAITED_SECONDS = st.floats(0, 14 * 24 * HOUR)


def schedule(chance: float) -> Schedule:
    return Schedule(lambda: chance)


def repeatable(seed: int = 1) -> Schedule:
    return Schedule(Random(seed).random)  # noqa: S311 - chance that can be repeated


def ends_a_step(at: float) -> bool:
    """For a message that was received once before."""
    return is_between_steps(2, at)


def moments(drain_seconds: float, *, workers: int, draws: int) -> list[float]:
    """When messages are tried that were all received at 0. At each step, any of the workers draws again."""
    random = Random(1)  # noqa: S311 - chance that can be repeated
    pool = [Schedule(random.random) for _ in range(workers)]
    tried, due = [], [(0.0, 1, n) for n in range(workers * draws)]
    while due:
        at, receives, n = heapq.heappop(due)
        worker = pool[n % workers] if at == 0 else random.choice(pool)
        redelivered = at + worker.moment(max(1.0, drain_seconds - at), at)
        if is_between_steps(receives + 1, redelivered):
            heapq.heappush(due, (redelivered, receives + 1, n))
        else:
            tried.append(redelivered)
    return tried


# ── moments ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("drain_seconds", [400, 1000, 1900, HOUR, 6 * HOUR, 24 * HOUR, 100 * HOUR])
@pytest.mark.parametrize(("workers", "draws"), [(2, 500), (40, 25), (1000, 3)])
def test_the_moments_of_many_workers_fill_the_time_that_the_table_needs_evenly(
    drain_seconds: float, workers: int, draws: int
) -> None:
    drawn = moments(drain_seconds, workers=workers, draws=draws)
    tenths = [0] * 10
    for at in drawn:
        tenths[min(9, int(at / drain_seconds * 10))] += 1
    assert all(len(drawn) / 20 <= tenth <= len(drawn) / 5 for tenth in tenths), tenths


def test_the_moments_of_one_worker_are_more_even_than_chance() -> None:
    drawn = sorted(moments(800, workers=1, draws=100))
    assert max(after - before for before, after in pairwise(drawn)) < 3 * 800 / 100


@pytest.mark.parametrize(
    ("drain_seconds", "waited_seconds", "latest"),
    [(400, 0, 400), (400, 20, 380), (400, 68, 340), (400, 4000, 340), (60, 50, 20), (20, 68, 10), (9, 0, 10)],
)
def test_the_moments_end_earlier_by_what_the_table_saved_up_while_they_waited_for_a_minute_at_most(
    drain_seconds: float, waited_seconds: float, latest: float
) -> None:
    drawn = repeatable()
    last = max(drawn.moment(drain_seconds, waited_seconds) for _ in range(2000))
    assert last == pytest.approx(latest / 0.99, rel=0.01, abs=1)


@given(_CHANCE, _DRAIN_SECONDS)
def test_no_moment_is_much_later_than_the_time_that_the_table_needs(chance: float, drain_seconds: float) -> None:
    latest = max(10, drain_seconds) * 1.02 + 1 + _BESIDE_A_STEP_SECONDS
    assert 1 <= schedule(chance).moment(drain_seconds, 0.0) <= latest
    assert 1 <= schedule(chance).last_moment(drain_seconds) <= latest


@given(_CHANCE, st.floats(1, 1900))
def test_the_last_moment_is_behind_all_others(chance: float, drain_seconds: float) -> None:
    drawn = schedule(chance)
    last = drawn.last_moment(drain_seconds)
    assert last >= drain_seconds - 1
    assert all(drawn.moment(drain_seconds, 0.0) <= last + _BESIDE_A_STEP_SECONDS for _ in range(50))


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(_CHANCE, st.floats(0, 1e9), _WAITED_SECONDS, st.integers(1, 10_000), st.floats(0, 1e6))
def test_no_wait_is_longer_than_eleven_and_a_half_hours_whatever_the_backlog(
    chance: float, drain_seconds: float, waited_seconds: float, receives: int, turn_seconds: float
) -> None:
    drawn = schedule(chance)
    waits = [
        drawn.moment(drain_seconds, waited_seconds),
        drawn.last_moment(drain_seconds),
        drawn.soon(receives, turn_seconds, drain_seconds),
        drawn.first_round(drain_seconds, waited_seconds),
        drawn.next_round(drain_seconds, waited_seconds),
        drawn.when_shown(),
        drawn.until_shown(),
    ]
    assert all(1 <= wait <= HIDE_SECONDS_MAX + _BESIDE_A_STEP_SECONDS < 11.6 * HOUR for wait in waits)


@given(_CHANCE, st.floats(2000, 1e7), _WAITED_SECONDS)
def test_a_wait_over_half_of_the_time_is_made_in_steps_that_end_just_after_a_quarter_of_an_hour(
    chance: float, drain_seconds: float, waited_seconds: float
) -> None:
    half = max(_STEP_SECONDS * 2, drain_seconds / 2)
    wait = schedule(chance).moment(drain_seconds, waited_seconds)
    assert wait <= half + _BESIDE_A_STEP_SECONDS
    if ends_a_step(waited_seconds + wait):
        assert 1.5 <= (waited_seconds + wait) % _STEP_SECONDS <= 12.5
        assert wait > min(half, HIDE_SECONDS_MAX) - _STEP_SECONDS


@given(_CHANCE, st.floats(1, 1900), _WAITED_SECONDS)
def test_a_short_wait_is_made_at_once(chance: float, drain_seconds: float, waited_seconds: float) -> None:
    wait = schedule(chance).moment(drain_seconds, waited_seconds)
    assert not ends_a_step(waited_seconds + wait)


def test_a_wait_that_a_step_would_hardly_shorten_is_made_at_once() -> None:
    assert [schedule(0.5).last_moment(drain_seconds) for drain_seconds in (1950, 1980)] == [1970, 2000]
    assert schedule(0.5).last_moment(1981) == 1800 + 7


@given(_CHANCE, _DRAIN_SECONDS, _WAITED_SECONDS)
def test_a_moment_is_never_taken_for_the_end_of_a_step(
    chance: float, drain_seconds: float, waited_seconds: float
) -> None:
    drawn = schedule(chance)
    for at in (waited_seconds + drawn.moment(drain_seconds, waited_seconds), drawn.last_moment(drain_seconds)):
        beside = at % _STEP_SECONDS
        if ends_a_step(at):
            assert 1.5 <= beside <= 12.5
        else:
            assert at < _STEP_SECONDS - 2 or 25 <= beside <= _STEP_SECONDS - 2


@given(_CHANCE, st.floats(2000, 1e7), st.lists(_DELIVERY_SECONDS, min_size=60, max_size=60))
def test_every_delivery_that_ends_a_step_is_known_as_one_until_the_moment_has_come(
    chance: float, drain_seconds: float, late: list[float]
) -> None:
    at, receives = 0.0, 1
    while (left := drain_seconds - at) > 2000 and receives < 60:
        wait = schedule(chance).last_moment(left) if receives == 1 else schedule(chance).moment(left, at)
        is_step = (at + wait) % _STEP_SECONDS < 15 and wait > _STEP_SECONDS
        at, receives = at + wait + late[receives], receives + 1
        if not is_step:
            break
        assert is_between_steps(receives, at)


@pytest.mark.parametrize(
    ("receives", "waited_seconds", "between"),
    [
        (2, 0, False),
        (2, 10, False),
        (2, 897.9, False),
        (2, 898, True),
        (2, 900, True),
        (2, 924.9, True),
        (2, 925, False),
        (2, 1797.9, False),
        (2, 1798, True),
        (2, 36_012, True),
        (2, 36_100, False),
        (1, 900, False),
        (3, 898, True),
        (4, 898, False),
        (4, 1800, True),
        (5, 1800, False),
        (42, 36_012, True),
        (43, 36_012, False),
    ],
)
def test_a_message_is_between_steps_just_after_a_quarter_of_an_hour_unless_it_was_received_more_often_than_its_steps(
    receives: int, waited_seconds: float, *, between: bool
) -> None:
    assert is_between_steps(receives, waited_seconds) is between


# ── the first minute of a surge ───────────────────────────────────────────────────────────────────────────────────────
@given(_CHANCE)
def test_the_counts_of_sqs_show_a_surge_a_minute_after_its_begin(chance: float) -> None:
    assert COUNTS_AGE_SECONDS_MAX < schedule(chance).when_shown() <= COUNTS_AGE_SECONDS_MAX + 15
    assert are_counts_shown(schedule(chance).when_shown())


def test_what_waits_for_the_counts_returns_spread_over_some_seconds() -> None:
    assert {schedule(chance).when_shown() for chance in (0, 0.25, 0.5, 1)} == {64, 66, 68, 72}


def test_what_a_fast_table_cannot_put_at_once_is_tried_evenly_until_the_counts_are_shown() -> None:
    worker = repeatable()
    drawn = sorted(worker.until_shown() for _ in range(720))
    assert (drawn[0], drawn[-1]) == (1, 72)
    assert all(8 <= drawn.count(second) <= 12 for second in range(2, 72))


@given(_CHANCE, _DELIVERY_SECONDS)
def test_what_waited_for_the_counts_is_known_by_its_second_receive(chance: float, late: float) -> None:
    drawn = schedule(chance)
    for wait in (drawn.when_shown(), drawn.until_shown()):
        assert is_first_minute(2, wait + late)
        assert not ends_a_step(wait + late)


@pytest.mark.parametrize(
    ("receives", "waited_seconds", "first"),
    [(1, 0, False), (2, 0, True), (2, 96.9, True), (2, 97, False), (3, 10, False)],
)
def test_only_a_second_receive_can_be_in_the_first_minute(receives: int, waited_seconds: float, *, first: bool) -> None:
    assert is_first_minute(receives, waited_seconds) is first


@pytest.mark.parametrize(("waited_seconds", "shown"), [(0, False), (61.9, False), (62, True), (1000, True)])
def test_the_counts_are_shown_after_a_minute_though_clocks_differ_a_little(
    waited_seconds: float, *, shown: bool
) -> None:
    assert are_counts_shown(waited_seconds) is shown


# ── soon ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_message_that_was_due_returns_after_about_forty_turns_of_the_table() -> None:
    turns = (0.0, 0.01, 0.5, 1.0, 1.5, 10.0)
    assert [schedule(1).soon(2, turn, 10_000) for turn in turns] == [20, 20, 20, 40, 60, 60]
    assert schedule(0.5).soon(2, 1.0, 10_000) == 20


def test_each_further_receive_waits_longer_on_average_up_to_all_of_the_time_that_the_table_needs() -> None:
    worker = repeatable()
    averages = [mean(worker.soon(receives, 1.0, 10_000) for _ in range(2000)) for receives in range(2, 12)]
    assert all(after > 1.3 * before for before, after in pairwise(averages))
    assert [schedule(1).soon(receives, 1.0, 10_000) for receives in (12, 16, 60)] == [2307, 10_000, 10_000]


def test_at_the_end_of_a_drain_or_without_a_known_backlog_a_message_returns_soon() -> None:
    assert [schedule(1).soon(receives, 1.0, 0.0) for receives in (1, 2, 10, 15)] == [20, 20, 20, 20]
    assert [schedule(1).soon(receives, 1.0, 120.0) for receives in (4, 8, 16, 17)] == [30, 60, 120, 120]


def test_a_message_that_was_received_often_backs_off_for_up_to_a_quarter_of_an_hour() -> None:
    assert [schedule(1).soon(receives, 1.0, 0.0) for receives in (21, 25, 30, 10_000)] == [30, 152, 900, 900]


@given(_CHANCE, st.floats(0, 100), st.floats(0, 1e6), st.integers(1, 10_000))
def test_a_further_receive_never_shortens_the_wait(
    chance: float, turn_seconds: float, drain_seconds: float, receives: int
) -> None:
    first, second = (schedule(chance).soon(receives + more, turn_seconds, drain_seconds) for more in (0, 1))
    assert first <= second


def test_a_new_message_that_is_throttled_returns_as_soon_as_one_that_was_due() -> None:
    assert schedule(1).soon(1, 1.0, 10_000) == schedule(1).soon(2, 1.0, 10_000) == 40


def test_chance_spreads_what_was_due_over_the_whole_span() -> None:
    assert [schedule(chance).soon(10, 1.0, 10_000) for chance in (0, 0.25, 0.5, 1)] == [1, 256, 513, 1025]
