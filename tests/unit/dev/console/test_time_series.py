"""What the console shows over time, from readings."""

import dataclasses

from dev.console import charts
from dev.console.tiles import NAMES, tiles
from dev.console.time_series import POINTS_MAX, Beside, Reading, Series

_EMPTY = Reading(
    at=1000.0,
    waiting=0,
    in_flight=0,
    dead_lettered=0,
    items=0,
    capacity=5,
    seconds_to_empty=0.0,
    sent=0,
    units=0,
    puts=0,
    superseded=0,
    throttles=0,
)


def reading(at: float, **changes: object) -> Reading:
    return dataclasses.replace(_EMPTY, at=1000.0 + at, **changes)  # type: ignore[arg-type] # of the fields' own types


def test_before_anything_was_read_there_are_tiles_without_numbers() -> None:
    assert [tile.name for tile in tiles(Series())] == list(NAMES)
    assert {tile.value for tile in tiles(Series())} == {"…"}


def test_rates_are_differences_of_totals() -> None:
    series = Series()
    series.add(reading(0))
    series.add(reading(2, sent=50, throttles=4))
    (first, second) = series.points
    assert (first.accepted, second.accepted, second.throttles) == (None, 25, 2)


def test_what_the_table_takes_is_a_mean_of_ten_seconds() -> None:
    series = Series()
    for second in range(31):
        series.add(reading(second, units=5 * (second // 5), puts=second // 5))
    assert series.points[-1].units == 1
    assert series.points[-1].records == 0.2


def test_after_a_gap_no_rate_is_made_up() -> None:
    series = Series()
    series.add(reading(0))
    series.lost("gone", 1001.0)
    series.lost("still gone", 1002.0)
    assert (series.trouble, series.trouble_since) == ("still gone", 1001.0)
    series.add(reading(60, sent=600, units=600))
    assert series.trouble == ""
    assert (series.points[-1].accepted, series.points[-1].units) == (None, None)


def test_another_stack_that_counts_from_zero_gives_no_negative_rate() -> None:
    series = Series()
    series.add(reading(0, sent=50))
    series.add(reading(1, sent=0))
    assert series.points[-1].accepted is None


def test_the_series_is_bounded() -> None:
    series = Series()
    for second in range(POINTS_MAX + 100):
        series.add(reading(second))
    assert len(series.points) == POINTS_MAX
    assert len(charts.span(series.points, 60)) == 61


def test_the_original_pattern_is_drawn_where_it_runs() -> None:
    series = Series()
    series.add(reading(0))
    assert [line["name"] for line in charts.backlog(list(series.points))] == ["backlog", "of it in flight"]
    series.add(reading(1, beside=Beside(backlog=40, dead_lettered=3, stored=7)))
    line = charts.backlog(list(series.points))[-1]
    assert [value for _, value in line["data"]] == [None, 43]


def test_the_time_axis_is_at_least_a_minute_and_at_most_the_span() -> None:
    series = Series()
    series.add(reading(0))
    assert charts.bounds(list(series.points), 300) == {"min": 940_000, "max": 1_000_000}
    for second in range(1, 400):
        series.add(reading(second))
    assert charts.bounds(charts.span(series.points, 300), 300) == {"min": 1_099_000, "max": 1_399_000}


def test_dead_letters_alarm() -> None:
    series = Series()
    series.add(reading(0, dead_lettered=1))
    assert [tile.name for tile in tiles(series) if tile.alarming] == ["Dead letters"]
