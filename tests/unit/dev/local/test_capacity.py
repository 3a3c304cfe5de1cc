"""Write capacity as DynamoDB documents it, under a clock passed in."""

import pytest

from dev.local.capacity import WriteCapacity


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def written(capacity: WriteCapacity, clock: Clock, seconds: int, units: int = 1) -> int:
    """The number of writes that are admitted when one is tried ten times a second."""
    admitted = 0
    for _ in range(seconds * 10):
        clock.now += 0.1
        while capacity.admits():
            capacity.charge(units)
            admitted += 1
    return admitted


@pytest.mark.parametrize(("rate", "units"), [(1, 1), (1, 5), (5, 1), (5, 4), (100, 7), (1000, 400)])
def test_a_busy_table_admits_its_provisioned_rate(rate: int, units: int) -> None:
    clock = Clock()
    capacity = WriteCapacity(rate, 0, clock)
    seconds = 1000
    taken = written(capacity, clock, seconds, units) * units
    assert rate * seconds <= taken <= rate * (seconds + 1) + units


def test_an_item_larger_than_the_rate_is_written_and_paid_for_afterwards() -> None:
    clock = Clock()
    capacity = WriteCapacity(1, 0, clock)
    capacity.charge(5)
    clock.now += 4
    assert not capacity.admits()
    clock.now += 0.01
    assert capacity.admits()


@pytest.mark.parametrize(("burst_seconds", "units"), [(0, 2), (1, 2), (60, 120), (300, 600), (9999, 600)])
def test_unused_capacity_is_kept_for_at_most_the_burst_and_300_seconds(burst_seconds: float, units: int) -> None:
    clock = Clock()
    capacity = WriteCapacity(2, burst_seconds, clock)
    clock.now += 10_000
    at_once = 0
    while capacity.admits():
        capacity.charge(1)
        at_once += 1
    assert at_once == units


def test_a_new_table_has_no_burst_credit_yet() -> None:
    clock = Clock()
    capacity = WriteCapacity(2, 300, clock)
    capacity.charge(2)
    assert not capacity.admits()


def test_a_change_of_capacity_applies_from_now_on() -> None:
    clock = Clock()
    capacity = WriteCapacity(10, 300, clock)
    clock.now += 300
    capacity.provision(1)
    assert written(capacity, clock, 0) == 0
    capacity.charge(300)  # what the lower rate may keep
    assert not capacity.admits()
    assert written(capacity, clock, 100) in range(99, 102)
    capacity.provision(10)
    assert written(capacity, clock, 100) in range(990, 1011)


def test_units_that_were_not_used_can_be_returned() -> None:
    capacity = WriteCapacity(1, 0, Clock())
    capacity.charge(4)
    capacity.charge(-4)
    assert capacity.admits()
