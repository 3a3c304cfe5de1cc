"""A turn: what a record costs on average, by the sizes of what is received and by what puts used."""

import pytest

from tests.unit.consumer.known import Known


def test_an_index_with_less_capacity_for_what_it_uses_than_the_table_sets_the_turn() -> None:
    known = Known(100, table=10, wide=10, narrow=4)
    known.refresh_at(0)
    known.backlog.observe({"": 2.0, "wide": 1.0, "narrow": 2.0}, 1)
    assert known.backlog.turn_seconds() == pytest.approx(0.5)
    known.table.rates |= {"narrow": 1000.0}
    known.refresh_at(30)
    assert known.backlog.turn_seconds() == pytest.approx(0.2), "the table is the scarcest again"


def test_an_index_that_the_records_are_not_in_does_not_count() -> None:
    known = Known(100, table=10, unused=1)
    known.refresh_at(0)
    known.backlog.observe({"": 1.0}, 1)
    assert known.backlog.turn_seconds() == pytest.approx(0.1)


def test_an_index_that_few_records_are_in_counts_with_what_it_uses_on_average() -> None:
    known = Known(100, table=10, sparse=1)
    known.refresh_at(0)
    for n in range(1000):
        known.backlog.observe({"": 1.0, "sparse": 1.0} if n % 50 == 0 else {"": 1.0}, 1)
    assert known.backlog.turn_seconds() == pytest.approx(0.1)


def test_an_index_that_a_later_record_is_the_first_in_counts_from_then_on() -> None:
    known = Known(100, table=10, late=1)
    known.refresh_at(0)
    known.backlog.observe({"": 1.0}, 1)
    known.backlog.observe({"": 1.0, "late": 5.0}, 1)
    assert known.backlog.turn_seconds() == pytest.approx(5)


def test_what_a_record_uses_is_estimated_from_sizes_until_puts_tell_more() -> None:
    known = Known(100, units=4, table=1)
    known.refresh_at(0)
    assert known.backlog.turn_seconds() == 4
    known.backlog.observe({"": 3.0}, 4)
    assert known.backlog.turn_seconds() == 3


def test_what_a_put_uses_for_its_size_is_a_moving_average() -> None:
    known = Known(100, table=1)
    known.refresh_at(0)
    known.backlog.observe({"": 1.0}, 1)
    known.backlog.observe({"": 10.0}, 1)
    assert 1 < (known.backlog.turn_seconds() or 0) < 2
    for _ in range(200):
        known.backlog.observe({"": 10.0}, 1)
    assert known.backlog.turn_seconds() == pytest.approx(10, rel=0.01)


def test_the_size_of_what_waits_is_the_average_of_all_batches_not_that_of_the_last_one() -> None:
    known = Known(100, table=1)
    known.refresh_at(0)
    known.backlog.received([1] * 49 + [4] * 50)
    assert known.backlog.turn_seconds() == pytest.approx(2.5)
    known.backlog.observe({"": 4.0}, 4)
    assert known.backlog.turn_seconds() == pytest.approx(2.5), "a large record that was put says nothing of the others"


def test_records_of_another_size_are_noticed_within_a_few_hundred() -> None:
    known = Known(100, table=1)
    known.refresh_at(0)
    known.backlog.received([1] * 10_000)
    known.backlog.received([4] * 600)
    assert known.backlog.turn_seconds() == pytest.approx(4, rel=0.05)


def test_an_observed_put_is_not_changed_by_later_ones() -> None:
    known, units = Known(100, table=1), {"": 1.0}
    known.backlog.observe(units, 1)
    known.backlog.observe({"": 9.0}, 1)
    assert units == {"": 1.0}
