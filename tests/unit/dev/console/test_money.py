"""What the load costs, by the planner's prices."""

from dataclasses import replace

import pytest

from dev.console import money
from dev.console.formatting import dollars
from dev.console.time_series import OriginalPatternSnapshot
from ops.live_cost import Meters
from ops.prices import PRICES
from tests.unit.dev.console.test_time_series import snapshot

_HOUR = Meters(
    seconds=3600,
    records=1000,
    stored=800,
    api_requests=100,
    api_milliseconds=1000,
    send_requests=100,
    drain_requests=300,
    invocations=120,
    milliseconds=3000,
    write_units=5000,
    provisioned_unit_seconds=5 * 3600,
)


def test_before_the_first_record_nothing_has_a_price() -> None:
    assert money.ways(snapshot(0)) == []


def test_forebay_stands_beside_the_same_records_on_demand() -> None:
    """So far, beside those 800 of the 1,000 that are written."""
    forebay, on_demand = money.ways(snapshot(0, meters=_HOUR))
    assert on_demand.so_far - PRICES["write_request"].of(4000) == pytest.approx(
        forebay.so_far - 5 * PRICES["write_unit_hour"].of(1) - PRICES["sqs_request"].of(400 + 15 * 60)
        - PRICES["lambda_request"].of(120) - PRICES["lambda_gb_second"].of(1.5)
    )  # fmt: skip
    assert forebay.month == pytest.approx(730 * forebay.so_far)
    assert forebay.million == pytest.approx(1000 * forebay.so_far)


def test_a_burst_of_seconds_is_a_month_of_one_a_minute_and_the_table_costs_the_same_for_any_length() -> None:
    burst = replace(_HOUR, seconds=6, provisioned_unit_seconds=30)
    minute = replace(_HOUR, seconds=60, provisioned_unit_seconds=300)
    assert money.ways(snapshot(0, meters=burst))[0].month == pytest.approx(
        money.ways(snapshot(0, meters=minute))[0].month
    )


def test_a_month_brings_no_more_than_the_table_can_write() -> None:
    """1,000 units into a table of 5: once in 200 s, although it came within 10 s and the rest still waits."""
    burst = replace(_HOUR, seconds=10, write_units=1000, provisioned_unit_seconds=50)
    _, on_demand = money.ways(snapshot(0, meters=replace(burst, api_requests=0, api_milliseconds=0)))
    assert on_demand.month == pytest.approx(PRICES["write_request"].of(5 * 730 * 3600))


def test_before_any_time_has_passed_a_month_has_its_table() -> None:
    first = replace(_HOUR, seconds=0, write_units=0, provisioned_unit_seconds=0)
    assert "table $4.75" in money.parts(snapshot(0, meters=first, capacity=10))


def test_the_original_pattern_and_forebay_are_compared_over_the_same_time() -> None:
    before, now = replace(_HOUR, records=400, stored=400), replace(_HOUR, records=900, stored=900, seconds=7200)
    original = OriginalPatternSnapshot(0, 0, 0, Meters(records=500, stored=500))
    now = replace(now, provisioned_unit_seconds=10 * 3600)
    forebay, _, way = money.ways(snapshot(0, meters=now, original=original), since=before)
    assert forebay.so_far == pytest.approx(way.so_far)
    assert forebay.million == pytest.approx(way.million)


def test_the_original_pattern_is_priced_while_it_runs_by_what_it_stored() -> None:
    original = OriginalPatternSnapshot(0, 0, 0, replace(_HOUR, records=500, stored=200))
    *_, way = money.ways(snapshot(0, meters=_HOUR, original=original))
    assert way.name == "original pattern"
    assert way.million == pytest.approx(way.so_far / 200 * 1e6)


def test_waiting_is_free_and_sleeping_is_not() -> None:
    assert money.waiting(0) == "Waiting costs $0."
    asleep = PRICES["lambda_gb_second"].of(2 * 3600 * 0.5)
    assert (
        money.waiting(3600) == f"Waiting: $0. Workers that slept through it, 60 min, would have cost {dollars(asleep)}."
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "$0"), (1e-7, "under $0.00001"), (0.000123, "$0.00012"), (0.00099, "$0.00099"), (0.0123, "$0.01"),
     (3.2, "$3.20"), (99.994, "$99.99"), (1234.5, "$1,234")],
)  # fmt: skip
def test_dollars_have_two_digits_that_say_something(number: float, text: str) -> None:
    assert dollars(number) == text
