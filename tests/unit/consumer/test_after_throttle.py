"""The deferring policy after a throttle: when the rest of a batch is redelivered."""

from itertools import pairwise
from random import Random

import pytest

from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import NOW_MS, batch, pending
from tests.unit.consumer.worker import FAST, HIDDEN, MANY, NAMES, NONE, RATE, SLOW, VISIBLE, Worker, names, seconds

_HOUR = 3600
_TO_THE_HOUR = _HOUR - NOW_MS / 1000 % _HOUR
"""Seconds from the begin of a test to the next full hour."""


# ── the look at the backlog ───────────────────────────────────────────────────────────────────────────────────────────
def test_after_a_throttle_the_backlog_is_looked_at_if_there_is_time() -> None:
    worker = Worker(HIDDEN)
    worker.after_throttle(*batch("a"), may_ask=False)
    assert worker.queue.asked == []
    worker.after_throttle(*batch("a"))
    assert worker.queue.asked == [0]


# ── messages that are new ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("depth", [HIDDEN, VISIBLE])
@pytest.mark.parametrize("rate", [6.0, RATE])
def test_new_messages_get_moments_of_the_time_that_the_table_needs(depth: QueueDepth, rate: float) -> None:
    groups = Worker(depth, rate, chance=0.9).after_throttle(*batch(MANY))
    assert names(groups) == ["".join(MANY[:10]), "".join(MANY[10:20]), "".join(MANY[20:])]
    assert max(seconds(groups)) > 600
    assert len(set(seconds(groups))) == 3


@pytest.mark.parametrize(("rate", "wait"), [(SLOW, 68), (0, 68), (RATE, 8), (FAST, 8)])
def test_new_messages_wait_until_the_counts_show_their_surge(rate: float, wait: int) -> None:
    assert Worker(NONE, rate).after_throttle(*batch(NAMES), done=3) == [(NAMES, wait)]


def test_messages_are_as_new_until_the_counts_show_their_surge() -> None:
    early = batch(NAMES, receives=2, waited_seconds=61)
    assert Worker(NONE, SLOW).after_throttle(*early) == [(NAMES, 68)]
    late = batch(NAMES, receives=2, waited_seconds=62)
    assert names(Worker(NONE, SLOW).after_throttle(*late)) == list(NAMES)


def test_a_rest_that_may_be_half_of_the_backlog_is_no_backlog() -> None:
    waits = []
    for total in (20, 21):
        worker = Worker(QueueDepth(visible=total, delayed=0, in_flight=0), 0.1)
        waits += seconds(worker.after_throttle(*batch(NAMES)))
    assert waits[0] == 68
    assert waits[1] != 68


# ── messages whose moment had come ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rate", "done", "size"), [(1.0, 0, 1), (1.0, 3, 3), (4.9, 0, 4), (9.9, 2, 9), (0, 0, 1), (0, 2, 2)]
)
def test_the_rest_returns_soon_in_groups_as_large_as_what_got_through_or_as_a_second_of_capacity_is_for(
    rate: float, done: int, size: int
) -> None:
    worker = Worker(HIDDEN, rate, chance=Random(1).random)  # noqa: S311 - chance that can be repeated
    groups = worker.after_throttle(*batch(NAMES, receives=2, waited_seconds=500), done=done)
    assert names(groups) == [NAMES[start : start + size] for start in range(0, 10, size)]
    assert all(1 <= wait <= 40 for wait in seconds(groups))
    assert len(groups) == 1 or len(set(seconds(groups))) > 1


@pytest.mark.parametrize(("rate", "pad", "size"), [(8.0, 0, 8), (8.0, 1500, 4), (20.0, 1500, 10), (20.0, 2500, 6)])
def test_a_second_of_capacity_is_for_fewer_large_records(rate: float, pad: int, size: int) -> None:
    groups = Worker(HIDDEN, rate).after_throttle(*batch(NAMES, receives=2, waited_seconds=500, pad=pad))
    assert names(groups) == [NAMES[start : start + size] for start in range(0, 10, size)]


@pytest.mark.parametrize("done", [0, 1, 9])
def test_a_table_that_puts_a_full_batch_a_second_gets_the_rest_of_a_backlog_in_the_time_that_it_needs(
    done: int,
) -> None:
    due = batch(MANY, receives=2, waited_seconds=500)
    groups = Worker(HIDDEN, 10.0, chance=0.9).after_throttle(*due, done=done)
    assert names(groups) == ["".join(MANY[:10]), "".join(MANY[10:20]), "".join(MANY[20:])]
    assert max(seconds(groups)) > 600


def test_without_a_backlog_the_rest_returns_soon_however_fast_the_table_is() -> None:
    groups = Worker(NONE, FAST, chance=1.0).after_throttle(*batch(NAMES, receives=4, waited_seconds=500))
    assert groups == [(NAMES, 20)]


def test_new_messages_and_those_whose_moment_had_come_return_apart() -> None:
    for worker in (Worker(HIDDEN, RATE), Worker(HIDDEN, 3.0), Worker(NONE, 3.0)):
        groups = worker.after_throttle(*batch("abc"), *batch("xyz", receives=2, waited_seconds=500))
        assert names(groups) == ["abc", "xyz"]
        assert len(set(seconds(groups))) == 2


def test_each_further_receive_waits_longer_and_never_longer_than_the_time_that_the_table_needs() -> None:
    worker = Worker(QueueDepth(visible=0, delayed=0, in_flight=10_000), 1.0, chance=1.0)
    waits = [
        wait
        for receives in range(2, 25)
        for wait in seconds(worker.after_throttle(*batch("a", receives=receives, waited_seconds=500)))
    ]
    assert waits[:4] == [40, 60, 90, 135]
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] == 10_000


def test_larger_records_return_later_because_the_table_needs_longer_for_a_free_turn() -> None:
    workers = [Worker(HIDDEN, 2.0, chance=1.0) for _ in range(3)]
    pads = (0, 1500, 2500)
    due = [seconds(each.after_throttle(*batch("a", 2, 500, pad=pad))) for each, pad in zip(workers, pads, strict=True)]
    assert due == [[20], [40], [60]]


def test_at_the_end_of_a_drain_larger_records_return_later_because_the_drain_takes_longer() -> None:
    waits = []
    for pad in (0, 1500):
        worker = Worker(QueueDepth(visible=0, delayed=0, in_flight=800), RATE, chance=1.0)
        worker.backlog.refresh()
        (each,) = pending(batch("a", receives=4, pad=pad))
        worker.backlog.received([each.units])
        waits.append(worker.deferral.soon(each))
    assert waits == [20, 40]


def test_without_a_known_rate_a_message_returns_by_its_receives_alone() -> None:
    worker = Worker(HIDDEN, 0, chance=1.0)
    due = [seconds(worker.after_throttle(*batch("a", receives, 500))) for receives in (2, 10, 20, 45)]
    assert due == [[20], [20], [20], [900]]


# ── the hourly rest ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("after_the_hour", "rests"),
    [(-1.0, False), (0.0, True), (59.9, True), (60.0, False), (_HOUR / 2, False), (_HOUR + 30, True)],
)
def test_once_an_hour_what_a_backlog_has_throttled_returns_late_so_that_the_table_saves_credit_up(
    after_the_hour: float, *, rests: bool
) -> None:
    worker = Worker(HIDDEN, 1.0, chance=0.9)
    worker.time.now = now = _TO_THE_HOUR + after_the_hour
    groups = worker.after_throttle(*batch(NAMES, receives=2, waited_seconds=500, now=now))
    assert len(groups) == (1 if rests else 10)
    assert (max(seconds(groups)) > 600) is rests


def test_without_a_backlog_there_is_no_rest() -> None:
    worker = Worker(NONE, 1.0, chance=1.0)
    worker.time.now = now = _TO_THE_HOUR + 30
    assert seconds(worker.after_throttle(*batch("a", receives=2, waited_seconds=500, now=now))) == [20]


# ── a hot key ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_record_with_a_hot_key_returns_soon_by_its_receives_whatever_the_backlog() -> None:
    worker = Worker(HIDDEN, 1.0, chance=1.0)
    worker.backlog.refresh()
    worker.backlog.received([1])
    waits = [worker.deferral.soon(each) for n in (1, 2, 3) for each in pending(batch("a", receives=n))]
    assert waits == [40, 40, 60]


def test_after_a_throttle_a_backlog_of_seconds_is_one_so_that_a_small_surge_ends_soon() -> None:
    worker = Worker(QueueDepth(visible=0, delayed=0, in_flight=50), 10.0)
    (wait,) = seconds(worker.after_throttle(*batch(NAMES)))
    assert wait <= 11
