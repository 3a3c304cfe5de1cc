"""The backlog: what SQS and DynamoDB were asked, how often, and how long the table needs by their answers."""

import pytest

from consumer.backlog import IN_FLIGHT_MAX, RATE_REFRESH_SECONDS, REFRESH_SECONDS
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.known import Known


def test_nothing_is_known_before_the_first_answer() -> None:
    known = Known(1000, table=1)
    assert known.backlog.is_unknown
    assert (known.backlog.total, known.backlog.is_hidden, known.backlog.trickles(1)) == (0, False, False)
    assert not known.backlog.is_full
    assert (known.backlog.turn_seconds(), known.backlog.drain_seconds()) == (None, 0)


def test_sqs_and_dynamodb_are_asked_at_most_every_thirty_seconds() -> None:
    known = Known(1000, table=1)
    for tenth in range(700):
        known.refresh_at(tenth / 10)
    assert (REFRESH_SECONDS, RATE_REFRESH_SECONDS) == (30, 30)
    assert known.queue.asked == known.table.asked == [0, 30, 60]


def test_calls_that_fail_are_not_made_more_often() -> None:
    known = Known()
    known.queue.depth_now, known.table.silent = None, True
    for second in range(60):
        known.refresh_at(second)
    assert known.queue.asked == known.table.asked == [0, 30]
    assert known.backlog.is_unknown
    assert known.backlog.drain_seconds() == 0


def test_the_table_needs_a_turn_for_each_message_of_the_backlog() -> None:
    known = Known(600, 400, units=2, table=5)
    known.refresh_at(0)
    assert known.backlog.turn_seconds() == pytest.approx(0.4)
    assert known.backlog.drain_seconds() == pytest.approx(400)


def test_the_backlog_shrinks_with_the_time_since_the_answer() -> None:
    known = Known(1000, table=5)
    known.refresh_at(0)
    known.time.now = 50
    assert known.backlog.drain_seconds() == pytest.approx(150)
    known.time.now = 1000
    assert known.backlog.drain_seconds() == 0


def test_when_sqs_does_not_answer_the_last_depth_is_kept_and_its_age_goes_on() -> None:
    known = Known(1000, table=5)
    known.refresh_at(0)
    known.queue.depth_now = None
    for now in (30, 60, 90):
        known.refresh_at(now)
    assert known.backlog.total == 1000
    assert known.backlog.drain_seconds() == pytest.approx(110)


def test_when_dynamodb_does_not_answer_the_last_rate_is_kept() -> None:
    known = Known(1000, table=5)
    known.refresh_at(0)
    known.table.silent = True
    known.refresh_at(30)
    assert known.table.asked == [0, 30]
    assert known.backlog.turn_seconds() == pytest.approx(0.2)


def test_a_new_rate_takes_effect() -> None:
    known = Known(1000, table=5)
    known.refresh_at(0)
    known.table.rates = {"": 50}
    known.refresh_at(30)
    assert known.backlog.drain_seconds() == pytest.approx(20)


def test_the_table_needs_no_longer_than_for_what_can_be_hidden() -> None:
    known = Known(1_000_000, 120_000, table=10)
    known.refresh_at(0)
    assert known.backlog.drain_seconds() == pytest.approx(IN_FLIGHT_MAX / 10)


def test_without_a_rate_there_is_no_turn_and_no_time_that_the_table_needs() -> None:
    known = Known(1000)
    known.refresh_at(0)
    assert (known.backlog.turn_seconds(), known.backlog.drain_seconds()) == (None, 0)


# ── messages that the counts of SQS do not show yet ───────────────────────────────────────────────────────────────────
def test_what_joined_since_sqs_was_asked_counts_for_half_of_the_other_workers_too() -> None:
    known = Known(0, 1000, table=5)
    known.refresh_at(0)
    known.backlog.joined(30)
    known.backlog.joined(20)
    assert known.backlog.drain_seconds() == pytest.approx((1000 + 1.5 * 50) / 5)
    assert known.backlog.total == 1000


def test_what_was_visible_when_sqs_was_asked_is_counted_once() -> None:
    known = Known(600, 400, table=5)
    known.refresh_at(0)
    known.backlog.joined(300)
    assert known.backlog.drain_seconds() == pytest.approx(1000 / 5)
    known.backlog.joined(150)
    assert known.backlog.drain_seconds() == pytest.approx((1000 + 1.5 * 450 - 600) / 5)


@pytest.mark.parametrize(("workers", "busy"), [(1, 1), (2, 1.5), (5, 3), (6, 3), (1000, 3)])
def test_no_more_workers_are_busy_than_lambda_polls_for(workers: int, busy: float) -> None:
    known = Known(0, 1000, workers=workers, table=5)
    known.refresh_at(0)
    known.backlog.joined(50)
    assert known.backlog.drain_seconds() == pytest.approx((1000 + busy * 50) / 5)


def test_a_new_answer_of_sqs_counts_what_joined_before() -> None:
    known = Known(0, 1000, table=5)
    known.refresh_at(0)
    known.backlog.joined(60)
    known.refresh_at(30)
    assert known.backlog.drain_seconds() == pytest.approx(1000 / 5)
    known.queue.depth_now = None
    known.backlog.joined(10)
    known.refresh_at(60)
    assert known.backlog.drain_seconds() == pytest.approx((1000 + 1.5 * 10) / 5 - 30), "no answer, nothing new"


def test_what_joined_before_the_first_answer_is_in_it() -> None:
    known = Known(1000, table=5)
    known.backlog.joined(60)
    known.refresh_at(0)
    assert known.backlog.drain_seconds() == pytest.approx(1000 / 5)


def test_what_joined_is_part_of_what_can_be_hidden() -> None:
    known = Known(0, IN_FLIGHT_MAX - 10, table=10)
    known.refresh_at(0)
    known.backlog.joined(60)
    assert known.backlog.drain_seconds() == pytest.approx(IN_FLIGHT_MAX / 10)


# ── what kind of backlog it is ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("visible", "in_flight", "trickles"),
    [(0, 0, False), (0, 20, False), (0, 21, True), (3, 100, True), (4, 100, False)],
)
def test_few_visible_messages_beside_many_that_wait_are_a_trickle(
    visible: int, in_flight: int, *, trickles: bool
) -> None:
    known = Known(visible, in_flight, workers=3, table=1)
    known.refresh_at(0)
    assert known.backlog.trickles(1) is trickles


def test_a_batch_as_large_as_those_of_a_surge_is_no_trickle() -> None:
    known = Known(0, 1000, table=1)
    known.refresh_at(0)
    assert (known.backlog.trickles(49), known.backlog.trickles(50)) == (True, False)


@pytest.mark.parametrize(
    ("visible", "delayed", "in_flight", "is_full"),
    [
        (10_000, 0, 108_000, False),
        (10_000, 0, 108_001, True),
        (0, 2000, 114_000, True),
        (1000, 0, 120_000, False),
        (0, 0, 120_000, False),
        (1_000_000, 0, 50_000, False),
    ],
)
def test_sqs_is_full_when_it_hides_about_as_many_as_it_can_and_others_wait(
    visible: int, delayed: int, in_flight: int, *, is_full: bool
) -> None:
    known = Known(table=1)
    known.queue.depth_now = QueueDepth(visible=visible, delayed=delayed, in_flight=in_flight)
    known.refresh_at(0)
    assert known.backlog.is_full is is_full


def test_the_total_is_every_message_of_the_queue_however_long_ago_sqs_was_asked() -> None:
    known = Known(table=1)
    known.queue.depth_now = QueueDepth(visible=3, delayed=20, in_flight=100)
    known.refresh_at(0)
    known.time.now = 1000
    assert (known.backlog.total, known.backlog.is_unknown) == (123, False)


@pytest.mark.parametrize(
    ("visible", "delayed", "in_flight", "hidden"),
    [(0, 0, 0, False), (50, 0, 50, False), (50, 0, 51, True), (30, 20, 50, False), (30, 20, 51, True)],
)
def test_a_backlog_is_hidden_when_most_of_it_was_received(
    visible: int, delayed: int, in_flight: int, *, hidden: bool
) -> None:
    known = Known(table=1)
    known.queue.depth_now = QueueDepth(visible=visible, delayed=delayed, in_flight=in_flight)
    known.refresh_at(0)
    assert known.backlog.is_hidden is hidden


@pytest.mark.parametrize("seconds", [2.0, 60.0])
def test_a_throttle_counts_for_as_many_seconds_as_the_caller_wants(seconds: float) -> None:
    known, lately = Known(), []
    for second in range(100):
        known.time.now = second
        if second in {5, 10}:
            known.backlog.throttled()
        if second >= 10 and known.backlog.throttled_within(seconds):
            lately.append(second)
    assert lately == list(range(10, 10 + int(seconds)))


def test_before_the_first_throttle_there_was_none_however_long_ago() -> None:
    assert not Known().backlog.throttled_within(1e9)


def test_the_first_throttle_for_a_while_makes_what_sqs_said_before_it_worthless() -> None:
    known = Known(0, 1000, table=5)
    for now in (0, 5, 6, 40):
        known.time.now = now
        if now:
            known.backlog.throttled()
        known.backlog.refresh()
    assert known.queue.asked == [0, 5, 40]
