"""The bill of a running stack: figures computed by hand, and that it agrees with the planner's."""

from dataclasses import fields, replace

import pytest

from ops.draining import consumed
from ops.live_cost import Costs, Meters, a_month, costs, per_million
from ops.plan import plan
from ops.prices import MONTH_HOURS, PRICES, api_seconds, bill
from ops.workload import Workload

HOUR = Meters(
    seconds=3600,
    records=1_000_000,
    stored=900_000,
    api_requests=100_000,
    api_milliseconds=2_000_000,
    send_requests=100_000,
    drain_requests=250_000,
    invocations=50_000,
    milliseconds=3_000_000,
    write_units=2_000_000,
    provisioned_unit_seconds=100 * 3600,
)


def figures(found: Costs) -> dict[str, float]:
    return {each.name: getattr(found, each.name) for each in fields(Costs)}


def test_each_line_is_its_meters_times_their_prices() -> None:
    assert figures(costs(HOUR)) == pytest.approx(
        {
            "door": 0.10 + 0.02 + 2000 * 0.5 * 0.0000133334,
            "queue": (350_000 + 15 * 60) * 0.40e-6,
            "consumer": 0.01 + 3000 * 0.5 * 0.0000133334,
            "table": 100 * 0.00065,
            "on_demand": 2 * 0.625,
        }
    )


def test_the_door_is_paid_with_a_table_on_demand_too() -> None:
    found = costs(HOUR)
    assert found.total == pytest.approx(found.door + found.queue + found.consumer + found.table)
    assert found.total_on_demand == pytest.approx(found.door + found.on_demand)


def test_another_price_changes_its_own_line_only() -> None:
    dearer = {**PRICES, "write_request": replace(PRICES["write_request"], dollars=1.25)}
    assert figures(costs(HOUR, dearer)) == pytest.approx({**figures(costs(HOUR)), "on_demand": 2 * 1.25})


def test_functions_with_twice_the_memory_cost_twice_as_much_for_their_time() -> None:
    timed = Meters(milliseconds=1000, api_milliseconds=1000)
    once, twice = costs(timed, memory_mb=512), costs(timed, memory_mb=1024)
    assert twice.door == pytest.approx(2 * once.door)
    assert twice.consumer == pytest.approx(2 * once.consumer)


def test_an_hour_is_a_month_730_times() -> None:
    month = a_month(HOUR)
    assert [getattr(month, each.name) for each in fields(Meters)] == [
        pytest.approx(730 * getattr(HOUR, each.name)) for each in fields(Meters)
    ]
    assert costs(month).total == pytest.approx(730 * costs(HOUR).total)


def test_before_any_time_has_passed_a_month_is_empty() -> None:
    assert a_month(Meters(records=3)) == Meters()


def test_no_records_have_no_price_a_million() -> None:
    assert per_million(1.0, 0) is None
    assert per_million(0.5, 250_000) == pytest.approx(2.0)


def test_the_planners_own_quantities_cost_what_its_bill_says_without_logs_and_metrics() -> None:
    workload = Workload(5, 100, 600, 86_400, record_bytes=800, write_units=20, records_per_request=10)
    planned = plan(workload)
    used = consumed(planned, MONTH_HOURS * 3600)
    requests = workload.average_rate * MONTH_HOURS * 3600 / 10
    billed = bill(planned)
    found = costs(
        Meters(
            seconds=MONTH_HOURS * 3600,
            records=10 * requests,
            api_requests=requests,
            api_milliseconds=requests * api_seconds(workload) * 1000,
            send_requests=requests,
            drain_requests=used.sqs_requests,
            invocations=used.invocations,
            milliseconds=used.seconds * 1000,
            write_units=10 * requests,
            provisioned_unit_seconds=20 * MONTH_HOURS * 3600,
        )
    )
    left_out = "CloudWatch"
    assert found.door == pytest.approx(sum(line.dollars for line in billed.api if left_out not in line.service))
    assert found.buffered == pytest.approx(
        billed.table[0].dollars + sum(line.dollars for line in billed.buffer if left_out not in line.service)
    )
    assert found.on_demand == pytest.approx(billed.on_demand.dollars)
