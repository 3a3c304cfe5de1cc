"""Which option is the cheapest: never one that loses records."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ops.comparison import comparison
from ops.plan import plan
from ops.prices import bill
from ops.workload import Workload

_DAY = 86_400.0

A_DAY = Workload(50, 2000, 600, _DAY, record_bytes=1500, write_units=150, records_per_request=10)


def cheapest(load: Workload) -> str:
    planned = plan(load)
    return comparison(planned, bill(planned)).cheapest.name


def test_a_plan_that_never_drains_is_no_option_although_its_bill_is_the_lowest() -> None:
    planned = plan(replace(A_DAY, write_units=60))
    billed = bill(planned)
    assert billed.buffered_dollars < min(billed.on_demand.dollars, billed.peak.dollars)
    compared = comparison(planned, billed)
    assert [option.name for option in compared.options] == [
        "on_demand_without_buffer",
        "provisioned_for_peak_without_buffer",
    ]
    assert not compared.pays


def test_a_plan_that_drains_after_records_are_lost_is_no_option_either() -> None:
    load = Workload(0, 150, 3 * 3600, 40 * _DAY, record_bytes=300, write_units=1)
    assert plan(load).drains
    assert "forebay" not in [option.name for option in comparison(plan(load), bill(plan(load))).options]


@given(st.floats(0, 100), st.floats(1, 5000), st.integers(1, 10_000), st.integers(1, 20_000), st.integers(1, 100))
def test_a_plan_that_loses_records_is_never_the_cheapest(
    rate: float, more: float, write_units: int, record_bytes: int, together: int
) -> None:
    load = Workload(rate, rate + more, 600, _DAY, record_bytes, write_units, records_per_request=together)
    assert plan(load).keeps_all or cheapest(load) != "forebay"


def test_each_option_can_be_the_cheapest() -> None:
    assert cheapest(A_DAY) == "forebay"
    assert cheapest(replace(A_DAY, records_per_request=1)) == "on_demand_without_buffer"
    assert cheapest(replace(A_DAY, rate=50, burst_rate=51)) == "provisioned_for_peak_without_buffer"
