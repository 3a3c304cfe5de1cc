"""What the console shows over time, from snapshots."""

import dataclasses

from dev.console import charts
from dev.console.tiles import NAMES, tiles, waits_text
from dev.console.time_series import POINTS_MAX, OriginalPatternSnapshot, StackSnapshot, TimeSeries

_EMPTY = StackSnapshot(
    at=1000.0,
    backlog=0,
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


def snapshot(at: float, **changes: object) -> StackSnapshot:
    return dataclasses.replace(_EMPTY, at=1000.0 + at, **changes)  # type: ignore[arg-type] # of the fields' own types


def test_before_the_first_snapshot_the_tiles_have_no_numbers() -> None:
    assert [tile.name for tile in tiles(TimeSeries())] == list(NAMES)
    assert {tile.value for tile in tiles(TimeSeries())} == {"…"}


def test_rates_are_differences_of_totals() -> None:
    series = TimeSeries()
    series.add(snapshot(0))
    series.add(snapshot(2, sent=50))
    (first, second) = series.points
    assert (first.accepted, second.accepted) == (None, 25)


def test_the_time_with_a_backlog_is_added_up() -> None:
    series = TimeSeries()
    for second, backlog in enumerate((0, 3, 3, 0, 0, 2, 0)):
        series.add(snapshot(second, backlog=backlog))
    assert series.waited_seconds == 3


def test_the_tables_rate_is_a_mean_of_ten_seconds() -> None:
    series = TimeSeries()
    for second in range(31):
        series.add(snapshot(second, units=5 * (second // 5), puts=second // 5))
    assert series.points[-1].units == 1
    assert series.points[-1].records == 0.2


def test_after_a_gap_the_rate_is_unknown() -> None:
    series = TimeSeries()
    series.add(snapshot(0))
    series.mark_unreachable("gone", 1001.0)
    series.mark_unreachable("still gone", 1002.0)
    assert (series.error, series.error_since) == ("still gone", 1001.0)
    series.add(snapshot(60, sent=600, units=600))
    assert series.error == ""
    assert (series.points[-1].accepted, series.points[-1].units) == (None, None)


def test_totals_of_another_stack_make_no_negative_rate() -> None:
    series = TimeSeries()
    series.add(snapshot(0, sent=50))
    series.add(snapshot(1, sent=0))
    assert series.points[-1].accepted is None


def test_the_series_is_bounded() -> None:
    series = TimeSeries()
    for second in range(POINTS_MAX + 100):
        series.add(snapshot(second))
    assert len(series.points) == POINTS_MAX
    assert len(charts.last_seconds(series.points, 60)) == 61


def test_the_original_pattern_is_drawn_while_it_runs() -> None:
    series = TimeSeries()
    series.add(snapshot(0))
    assert [line["name"] for line in charts.backlog_lines(list(series.points))] == ["backlog"]
    series.add(snapshot(1, original=OriginalPatternSnapshot(backlog=40, dead_lettered=3, stored=7)))
    line = charts.backlog_lines(list(series.points))[-1]
    assert [value for _, value in line["data"]] == [None, 43]


def test_the_time_axis_is_at_least_a_minute_and_at_most_the_span() -> None:
    series = TimeSeries()
    series.add(snapshot(0))
    assert charts.time_bounds(list(series.points), 300) == {"min": 940_000, "max": 1_000_000}
    for second in range(1, 400):
        series.add(snapshot(second))
    assert charts.time_bounds(charts.last_seconds(series.points, 300), 300) == {"min": 1_099_000, "max": 1_399_000}


def test_the_page_says_how_long_the_backlog_lasts() -> None:
    assert waits_text(snapshot(0)) == "nothing waits: the table keeps up"
    assert waits_text(snapshot(0, backlog=9, seconds_to_empty=9.0)).startswith("≈ 9 s until empty")
    assert "a minute more" in waits_text(snapshot(0, backlog=9, seconds_to_empty=9.0))
    assert "a minute more" not in waits_text(snapshot(0, backlog=900, seconds_to_empty=900.0))
    throttled = snapshot(0, backlog=9, seconds_to_empty=9.0, faults=frozenset({"throttle"}))
    assert waits_text(throttled) == "until the fault ends: the table takes nothing now"


def test_dead_letters_are_alarming() -> None:
    series = TimeSeries()
    series.add(snapshot(0, dead_lettered=1))
    assert [tile.name for tile in tiles(series) if tile.alarming] == ["Dead letters"]
