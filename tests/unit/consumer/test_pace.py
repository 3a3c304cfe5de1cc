"""The pace: full speed while there is credit, then turns whose length follows from this worker's share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.pace import IDLE_SECONDS, Pace

_MARGIN = 1.01
_QUIET_PUTS = 40
"""Of two workers, before either tries more."""


def paced(workers: int = 2, units_per_second: float | None = 10.0) -> Pace:
    """A pace that begins at 0 s and was throttled once, at that moment."""
    pace = Pace(workers, lambda: 0.5)
    pace.begin(0.0)
    pace.provisioned(units_per_second)
    pace.throttled(1, 0.0)
    return pace


def put(pace: Pace, times: int, units: float = 1.0) -> None:
    for _ in range(times):
        pace.put(units, pace.next_at)


def test_puts_do_not_wait_until_the_first_throttle() -> None:
    pace = Pace(2, lambda: 0.5)
    pace.begin(100.0)
    for n in range(1000):
        pace.put(5, 100.0 + n / 1000)
        assert pace.next_at <= 100.0
    assert pace.full_speed
    assert pace.plan([1, 1, 1], 101.0) == [101.0] * 3


@pytest.mark.parametrize(("workers", "table"), [(2, 10.0), (3, 5.0), (10, 100.0)])
@pytest.mark.parametrize("units", [1, 7])
def test_a_turn_is_the_units_divided_by_the_share_of_the_worker(workers: int, table: float, units: int) -> None:
    pace = paced(workers, table)
    turn = units / (table / workers) * _MARGIN
    pace.put(units, 50.0)
    assert pace.next_at == pytest.approx(50 + turn)
    assert pace.plan([units] * 3, 50.0) == pytest.approx([50 + turn, 50 + 2 * turn, 50 + 3 * turn])


def test_the_turn_of_a_late_put_begins_when_the_put_began() -> None:
    pace = paced()
    pace.put(1, 50.0)
    pace.put(1, 60.0)
    assert pace.next_at == pytest.approx(60 + 0.2 * _MARGIN)
    assert pace.plan([1], 70.0) == [70.0]


def test_the_first_wait_spreads_the_workers_over_a_turn() -> None:
    waits = []
    for chance in (0.0, 0.5, 1.0):
        pace = Pace(2, lambda chance=chance: chance)  # type: ignore[misc] # a lambda's default
        pace.provisioned(10.0)
        pace.throttled(1, 0.0)
        waits.append(pace.next_at)
    assert waits == pytest.approx([0, 0.1 * _MARGIN, 0.2 * _MARGIN])


def test_the_wait_after_a_throttle_grows_until_a_put_succeeds() -> None:
    pace, waits = paced(), []
    for _ in range(30):
        pace.throttled(1, 100.0)
        waits.append(pace.next_at - 100)
    assert waits == sorted(waits)
    assert waits[0] < 0.1
    assert waits[-1] == 10.0
    pace.put(1, 100.0)
    pace.throttled(1, 100.0)
    assert pace.next_at - 100 == pytest.approx(waits[0])


@given(st.floats(0.01, 1e5), st.integers(1, 1000), st.integers(1, 2000), st.floats(0, 1))
def test_the_wait_after_a_throttle_is_never_zero_and_never_much_longer_than_a_turn(
    table: float, workers: int, units: int, chance: float
) -> None:
    pace = Pace(workers, lambda: chance)
    pace.provisioned(table)
    pace.throttled(units, 0.0)
    for _ in range(40):
        pace.throttled(units, 0.0)
        turn = units / pace.units_per_second * _MARGIN
        assert 0 < pace.next_at <= 1.3 * max(turn, 10.0)


def test_after_enough_puts_without_a_throttle_a_higher_rate_is_tried_and_kept_if_it_is_free() -> None:
    pace = paced()
    put(pace, _QUIET_PUTS - 1)
    assert pace.units_per_second == 5.0
    put(pace, 1)
    assert pace.units_per_second == 7.5
    put(pace, 10)  # not for long enough yet: they may be of capacity that a second had left over
    assert pace.units_per_second == 7.5
    put(pace, 100)
    assert pace.units_per_second == 10.0


def test_a_throttled_trial_falls_back_and_the_next_one_begins_later() -> None:
    pace = paced()
    put(pace, _QUIET_PUTS)
    pace.throttled(1, pace.next_at)
    assert pace.units_per_second == 7.5
    pace.throttled(1, pace.next_at)
    assert pace.units_per_second == 5.0
    put(pace, 2 * _QUIET_PUTS - 1)
    assert pace.units_per_second == 5.0
    put(pace, 1)
    assert pace.units_per_second == 7.5


def test_after_any_number_of_failed_trials_there_is_another_one() -> None:
    pace, quiet = paced(), []
    for _ in range(10):
        puts = 0
        while pace.units_per_second == 5.0 and puts < 100 * _QUIET_PUTS:
            put(pace, 1)
            puts += 1
        quiet.append(puts)
        for _ in range(2):
            pace.throttled(1, pace.next_at)
    assert quiet == [_QUIET_PUTS * times for times in (1, 2, 4, 8, 16, 16, 16, 16, 16, 16)]


@pytest.mark.parametrize("table", [10.0, None])
def test_with_more_workers_each_tries_a_higher_rate_later(table: float | None) -> None:
    pace = paced(10, table)
    share = pace.units_per_second
    put(pace, 5 * _QUIET_PUTS - 1)
    assert pace.units_per_second == share
    put(pace, 1)
    assert pace.units_per_second == 1.5 * share


def test_a_rate_above_the_share_falls_back_to_the_share_when_it_is_throttled_and_not_below() -> None:
    pace = paced()
    put(pace, 400)
    assert pace.units_per_second == 10.0
    rates = []
    for _ in range(400):
        pace.throttled(1, pace.next_at)
        put(pace, 1)
        rates.append(pace.units_per_second)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 5.0


def test_the_workers_share_changes_with_what_the_table_is_provisioned_for() -> None:
    pace = paced()
    put(pace, _QUIET_PUTS)
    pace.provisioned(10.0)
    assert pace.units_per_second == 7.5
    pace.provisioned(40.0)
    assert pace.units_per_second == 20.0
    pace.provisioned(2.0)
    assert pace.units_per_second == 1.0


def test_for_an_unknown_rate_of_the_table_half_of_the_observed_rate_is_used() -> None:
    pace = Pace(2, lambda: 0.5)
    pace.begin(100.0)
    for n in range(100):
        pace.put(1, 100.0 + n / 10)
    pace.provisioned(None)
    pace.throttled(1, 110.0)
    assert pace.units_per_second == 5.0
    assert pace.next_at == pytest.approx(110 + 0.1 * _MARGIN)
    put(pace, _QUIET_PUTS)
    assert pace.units_per_second == 7.5


def test_an_unknown_rate_is_reduced_while_half_of_the_calls_are_throttled() -> None:
    pace = Pace(2, lambda: 0.5)
    pace.begin(100.0)
    pace.throttled(1, 100.0)
    assert pace.units_per_second == 0.5
    for _ in range(20):
        pace.throttled(1, pace.next_at)
        put(pace, 1)
    pace.throttled(1, pace.next_at)
    assert pace.units_per_second == pytest.approx(0.4)


@pytest.mark.parametrize(("idle", "free"), [(0.0, False), (IDLE_SECONDS - 1, False), (IDLE_SECONDS, True)])
def test_after_a_pause_there_is_full_speed_again(idle: float, *, free: bool) -> None:
    pace = paced()
    put(pace, 1)
    pace.begin(pace.next_at + idle)
    assert pace.full_speed is free
    pace.throttled(1, 100.0)
    assert pace.units_per_second == 5.0
