"""Large records wait longer, and are held back by fewer: what counts is the average of all that is received."""

from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import batch
from tests.unit.consumer.worker import HIDDEN, MANY, MOMENT, NONE, UNTIL_SHOWN, VISIBLE, WHEN_SHOWN, Worker, seconds


def test_larger_records_wait_longer_because_the_table_needs_more_units_for_them() -> None:
    (small,), (large,) = (seconds(Worker(HIDDEN).hold_back(*batch("a", pad=pad))) for pad in (0, 2500))
    (mixed,) = seconds(Worker(HIDDEN).hold_back(*batch("a"), *batch("b", pad=2500)))
    assert (small, mixed, large) == (MOMENT, 2 * MOMENT, 3 * MOMENT)


def test_a_large_record_among_small_ones_waits_hardly_longer_because_most_of_what_waits_is_small() -> None:
    def wait(pad: int) -> int:
        worker = Worker(HIDDEN)
        worker.hold_back(*batch(MANY))
        return seconds(worker.hold_back(*batch("a", pad=pad)))[0]

    assert wait(0) < wait(2500) < 1.2 * wait(0)


def test_larger_records_are_held_back_by_fewer_of_them() -> None:
    held = [Worker(QueueDepth(60, 0, 90)).hold_back(*batch("a", pad=pad)) for pad in (0, 2500)]
    assert [bool(each) for each in held] == [False, True]


def test_after_a_throttle_large_records_are_not_tried_for_longer_than_small_ones() -> None:
    held = []
    for pad in (0, 1500, 2500):
        worker = Worker(VISIBLE).throttled_at(0)
        worker.time.now = 5.0
        held.append(bool(worker.hold_back(*batch("a", pad=pad, now=5))))
    assert held == [False, False, True]


def test_a_table_that_is_fast_for_small_records_is_not_so_for_large_ones() -> None:
    large, small = (Worker(NONE, 20).throttled_at(0).hold_back(*batch("a", pad=pad)) for pad in (2500, 0))
    assert (large, small) == ([("a", WHEN_SHOWN)], [("a", UNTIL_SHOWN)])
