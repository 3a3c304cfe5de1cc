"""The deferring policy before any put: which messages of a batch are not tried, and when they are redelivered."""

import pytest

from consumer.delivery import Delivery
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import NOW_MS, batch, delivery
from tests.unit.consumer.worker import (
    FAST,
    HIDDEN,
    HIDDEN_SECONDS,
    MANY,
    MOMENT,
    NAMES,
    NONE,
    RATE,
    SLOW,
    UNTIL_SHOWN,
    VISIBLE,
    WHEN_SHOWN,
    Worker,
    names,
    seconds,
)

_NEXT_MOMENT = 818
"""The second, after `MOMENT`."""
_MOMENT_AFTER_A_MINUTE, _MOMENT_AFTER_TEN_SECONDS = 124, 130


# ── new messages ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_new_messages_are_tried_while_there_is_no_backlog_and_only_a_cold_environment_asks_for_it() -> None:
    worker = Worker(NONE)
    for now in (0.0, 60.0, 120.0):
        worker.time.now = now
        assert worker.hold_back(*batch(NAMES, now=now)) == []
    assert worker.queue.asked == [0]


def test_new_messages_are_tried_when_sqs_does_not_answer() -> None:
    worker = Worker(HIDDEN)
    worker.queue.depth_now = None
    assert worker.hold_back(*batch(NAMES)) == []


@pytest.mark.parametrize(("hidden", "held"), [(200, False), (202, True)])
def test_a_backlog_that_the_table_puts_in_twenty_seconds_is_no_reason_to_wait(hidden: int, *, held: bool) -> None:
    worker = Worker(QueueDepth(visible=0, delayed=0, in_flight=hidden))
    assert bool(worker.hold_back(*batch(NAMES))) is held


def test_a_cold_environment_asks_before_it_tries_new_messages_and_hides_them_together_for_one_moment() -> None:
    worker = Worker(HIDDEN)
    assert worker.hold_back(*batch(NAMES)) == [(NAMES, MOMENT)]
    assert worker.hold_back(*batch("k")) == [("k", _NEXT_MOMENT)]
    assert worker.queue.asked == [0]


def test_without_time_to_ask_a_worker_relies_on_what_it_knows() -> None:
    worker = Worker(HIDDEN)
    assert worker.hold_back(*batch(NAMES), may_ask=False) == []
    worker.hold_back(*batch(NAMES))
    worker.time.now = 40.0
    assert names(worker.hold_back(*batch(NAMES, now=40), may_ask=False)) == [NAMES]
    assert worker.queue.asked == [0]


def test_what_is_hidden_together_is_no_more_than_sqs_delivers_together() -> None:
    worker = Worker(HIDDEN)
    groups = worker.hold_back(*batch(MANY))
    assert names(groups) == ["".join(MANY[:10]), "".join(MANY[10:20]), "".join(MANY[20:])]
    assert len(set(seconds(groups))) == 3


def test_a_batch_that_may_be_half_of_the_backlog_is_tried() -> None:
    depths = [QueueDepth(visible=0, delayed=0, in_flight=total) for total in (20, 21)]
    assert [bool(Worker(depth, 0.1).hold_back(*batch(NAMES))) for depth in depths] == [False, True]


def test_new_messages_that_wait_only_for_workers_are_tried() -> None:
    assert Worker(VISIBLE).hold_back(*batch(NAMES)) == []


def test_after_a_throttle_a_backlog_waits_for_the_table_though_most_of_it_is_visible() -> None:
    assert Worker(VISIBLE).throttled_at(0).hold_back(*batch(NAMES)) == [(NAMES, MOMENT)]


def test_only_new_messages_that_are_held_back_join_the_backlog_that_is_known() -> None:
    worker = Worker(QueueDepth(visible=0, delayed=0, in_flight=11_000))
    worker.hold_back(*batch(NAMES))
    assert worker.backlog.drain_seconds() == 11_000 / RATE, "SQS was asked after their receive, and counts them"
    worker.hold_back(*batch(MANY))
    joined = 11_000 + 1.5 * 25
    assert worker.backlog.drain_seconds() == joined / RATE
    worker.hold_back(*batch(NAMES, receives=2, waited_seconds=905))
    worker.hold_back(*batch(NAMES, receives=2, waited_seconds=500))
    assert worker.backlog.drain_seconds() == joined / RATE


def test_new_messages_that_are_tried_do_not_join_the_backlog() -> None:
    worker = Worker(VISIBLE)
    worker.hold_back(*batch(NAMES))
    assert worker.backlog.drain_seconds() == VISIBLE.total / RATE


def test_a_trickle_goes_behind_what_waits_already() -> None:
    small, large = (Worker(QueueDepth(visible=1, delayed=0, in_flight=10_999)) for _ in range(2))
    last = round(HIDDEN_SECONDS / 0.99)
    assert [small.hold_back(*batch(name)) for name in "abc"] == [[("a", last)], [("b", last)], [("c", last)]]
    assert large.hold_back(*batch("d", pad=1000)) == [("d", 1800 + 7)], "more units, and so in steps"


def test_a_known_backlog_is_looked_at_again_every_half_minute_so_that_its_end_is_seen() -> None:
    worker = Worker(HIDDEN)
    held = []
    for now in (0.0, 1.0, 29.0, 30.0, 31.0):
        worker.time.now = now
        held.append(bool(worker.hold_back(*batch(NAMES, now=now))))
        worker.queue.depth_now = NONE
    assert held == [True, True, True, False, False]
    assert worker.queue.asked == [0, 30]


# ── new messages after a throttle ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("depth", [NONE, VISIBLE])
@pytest.mark.parametrize(
    ("rate", "workers", "retry_seconds"),
    [(10.0, 2, 2.0), (10.0, 4, 4.0), (SLOW, 2, 40.0), (0.1, 2, 60.0), (0, 2, 60.0)],
)
def test_a_throttled_worker_tries_no_new_messages_until_the_table_has_earned_a_batch_of_every_worker(
    depth: QueueDepth, rate: float, workers: int, retry_seconds: float
) -> None:
    worker = Worker(depth, rate, workers=workers).throttled_at(0)
    for now, held in [(0.0, True), (retry_seconds - 0.1, True), (retry_seconds, False)]:
        worker.time.now = now
        assert bool(worker.hold_back(*batch(NAMES, now=now))) is held


def test_a_throttle_is_a_reason_to_look_at_the_backlog_for_a_minute() -> None:
    worker = Worker(NONE)
    worker.hold_back(*batch(NAMES))
    worker.throttled_at(20)
    for now in (29.0, 31.0, 79.0, 81.0, 200.0):
        worker.time.now = now
        worker.hold_back(*batch(NAMES, now=now))
    assert worker.queue.asked == [0, 29, 79]


def test_a_slow_table_saves_its_capacity_up_until_the_counts_show_the_surge() -> None:
    assert Worker(NONE, SLOW).throttled_at(0).hold_back(*batch(NAMES)) == [(NAMES, WHEN_SHOWN)]


def test_a_fast_table_is_tried_again_at_any_moment_until_the_counts_show_the_surge() -> None:
    worker = Worker(NONE, chance=0.5).throttled_at(0)
    assert worker.hold_back(*batch(NAMES)) == [(NAMES, UNTIL_SHOWN)]
    groups = worker.hold_back(*batch(MANY))
    assert names(groups) == ["".join(MANY[:10]), "".join(MANY[10:20]), "".join(MANY[20:])]
    assert len(set(seconds(groups))) == 3


@pytest.mark.parametrize(("rate", "waits"), [(10, UNTIL_SHOWN), (9.9, WHEN_SHOWN), (0, WHEN_SHOWN)])
def test_a_table_is_fast_when_it_earns_ten_records_in_a_second(rate: float, waits: int) -> None:
    assert Worker(NONE, rate).throttled_at(0).hold_back(*batch("a")) == [("a", waits)]


@pytest.mark.parametrize(("workers", "waits"), [(19, UNTIL_SHOWN), (20, WHEN_SHOWN)])
def test_a_table_is_not_fast_when_it_needs_twenty_seconds_for_ten_records_of_every_worker(
    workers: int, waits: int
) -> None:
    worker = Worker(NONE, 10).throttled_at(0)
    worker.backlog.workers = workers
    assert worker.hold_back(*batch("a")) == [("a", waits)]


# ── messages whose moment has come ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("depth", [NONE, HIDDEN])
@pytest.mark.parametrize("rate", [SLOW, FAST])
def test_messages_whose_moment_has_come_are_tried_without_a_look_at_the_backlog(depth: QueueDepth, rate: float) -> None:
    worker = Worker(depth, rate).throttled_at(0)
    assert worker.hold_back(*batch(NAMES, receives=2, waited_seconds=500)) == []
    assert worker.hold_back(*batch(NAMES, receives=5, waited_seconds=50)) == []
    assert worker.queue.asked == []


# ── messages that waited for the counts of SQS ────────────────────────────────────────────────────────────────────────
def shown(receives: int = 2, waited_seconds: float = 68.0) -> list[Delivery]:
    """Messages that are redelivered when the counts show their surge, unless the test wants another moment."""
    return batch(NAMES, receives, waited_seconds)


def test_when_the_counts_show_a_surge_to_a_slow_table_its_messages_get_moments_before_any_is_tried() -> None:
    worker = Worker(HIDDEN, SLOW)
    assert names(worker.hold_back(*shown())) == [NAMES]
    assert worker.queue.asked == [0]


def test_what_returns_to_a_slow_table_before_the_counts_are_shown_is_tried() -> None:
    assert Worker(HIDDEN, SLOW).throttled_at(0).hold_back(*shown(waited_seconds=30)) == []


def test_when_the_counts_show_no_surge_to_a_slow_table_the_messages_are_tried() -> None:
    assert Worker(NONE, SLOW).hold_back(*shown()) == []


def test_when_a_slow_table_has_just_throttled_messages_wait_for_the_counts_once_more() -> None:
    assert Worker(NONE, SLOW).throttled_at(0).hold_back(*shown()) == [(NAMES, WHEN_SHOWN)]


@pytest.mark.parametrize(("waited_seconds", "moment"), [(10, _MOMENT_AFTER_TEN_SECONDS), (68, _MOMENT_AFTER_A_MINUTE)])
def test_a_fast_table_gets_what_waited_for_the_counts_unless_it_has_just_throttled(
    waited_seconds: float, moment: int
) -> None:
    assert Worker(HIDDEN).hold_back(*shown(waited_seconds=waited_seconds)) == []
    throttled = Worker(HIDDEN).throttled_at(0)
    assert throttled.hold_back(*shown(waited_seconds=waited_seconds)) == [(NAMES, moment)]
    assert throttled.queue.asked == [0]
    no_backlog = Worker(NONE).throttled_at(0)
    assert no_backlog.hold_back(*shown(waited_seconds=waited_seconds)) == [(NAMES, UNTIL_SHOWN)]


# ── messages that wait in steps ───────────────────────────────────────────────────────────────────────────────────────
_LONG = QueueDepth(visible=10_000, delayed=0, in_flight=90_000)
"""Ten thousand seconds."""


def test_at_the_end_of_a_step_a_new_moment_is_drawn_from_what_is_known_by_then() -> None:
    worker = Worker(_LONG, chance=0.9)
    worker.time.now = 4505.0
    ((together, wait),) = worker.hold_back(*batch(NAMES, receives=2, waited_seconds=4505, now=4505))
    assert together == NAMES
    assert 4100 < wait <= 5030
    assert (4505 + wait) % 900 in range(2, 13), "the steps are counted from the first receive"
    assert worker.queue.asked == [4505]


@pytest.mark.parametrize("throttled", [False, True])
def test_at_the_end_of_a_step_messages_are_tried_when_the_backlog_is_gone(*, throttled: bool) -> None:
    worker = Worker(NONE)
    if throttled:
        worker.throttled_at(0)
    assert worker.hold_back(*batch(NAMES, receives=2, waited_seconds=4505)) == []


@pytest.mark.parametrize("depth", [VISIBLE, HIDDEN, QueueDepth(visible=0, delayed=0, in_flight=11_000)])
def test_at_the_end_of_a_step_messages_go_on_waiting_wherever_the_backlog_is(depth: QueueDepth) -> None:
    groups = Worker(depth).hold_back(*batch(NAMES, receives=2, waited_seconds=4505))
    assert groups == [(NAMES, _MOMENT_AFTER_A_MINUTE)]


def test_new_messages_and_those_that_wait_in_steps_or_for_the_counts_get_moments_of_their_own() -> None:
    worker = Worker(_LONG).throttled_at(0)
    groups = worker.hold_back(
        *batch("abc"),
        *batch("due", receives=8, waited_seconds=4505),
        *batch("xyz", receives=2, waited_seconds=3605),
        *batch("klm", receives=2, waited_seconds=68),
    )
    assert sorted(names(groups)) == ["abc", "klm", "xyz"]
    assert len(set(seconds(groups))) == 3


@pytest.mark.parametrize("receives", [1, 2])
def test_a_message_of_several_versions_waits_since_the_first_receive_of_any(receives: int) -> None:
    versions = [
        delivery(f"m{n}", '{"id":"same"}', NOW_MS + n, receives=receives, first_received_ms=NOW_MS - 905_000 * (1 - n))
        for n in range(2)
    ]
    ((name, _),) = Worker(_LONG).hold_back(*versions)
    assert name == "same"
