"""The backlog as the page shows it: falls with each put, and never says what the queue does not."""

from dev.console.outstanding import OutstandingRecords


def test_it_falls_with_each_put_though_the_messages_are_still_in_the_queue() -> None:
    outstanding = OutstandingRecords()
    assert [outstanding.count(50, done, 50) for done in (0, 1, 8)] == [50, 49, 42]


def test_it_is_never_more_than_the_queue_holds_nor_nothing_while_that_holds_something() -> None:
    outstanding = OutstandingRecords()
    assert outstanding.count(sent=60, done=10, messages=45) == 45
    assert outstanding.count(sent=60, done=75, messages=3) == 1


def test_an_empty_queue_ends_every_drift_of_the_totals() -> None:
    outstanding = OutstandingRecords()
    assert outstanding.count(sent=50, done=57, messages=0) == 0  # seven were delivered twice
    assert outstanding.count(sent=60, done=57, messages=10) == 10
    assert outstanding.count(sent=60, done=60, messages=10) == 7
