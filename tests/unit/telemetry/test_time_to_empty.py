"""Time until the buffer is empty: messages x what a record costs / the table's rate, or nothing if one is unknown."""

from typing import Any

import pytest

from telemetry.time_to_empty import seconds_to_empty, units_per_item, units_per_second


@pytest.mark.parametrize(
    ("described", "rate"),
    [
        ({"ProvisionedThroughput": {"WriteCapacityUnits": 5}}, 5.0),
        ({"OnDemandThroughput": {"MaxWriteRequestUnits": 40}}, 40.0),
        (
            {"OnDemandThroughput": {"MaxWriteRequestUnits": -1}, "ProvisionedThroughput": {"WriteCapacityUnits": 0}},
            None,
        ),
        ({"ProvisionedThroughput": {"WriteCapacityUnits": 0}}, None),
        ({}, None),
    ],
)
def test_the_rate_is_provisioned_or_the_maximum_of_an_on_demand_table(
    described: dict[str, Any], rate: float | None
) -> None:
    assert units_per_second(described) == rate


@pytest.mark.parametrize(
    ("items", "size", "units"), [(10, 10 * 1024, 1.0), (10, 10 * 1024 + 1, 2.0), (3, 12_000, 4.0), (0, 0, None)]
)
def test_an_item_of_the_average_size_costs_a_unit_for_each_kb(items: int, size: int, units: float | None) -> None:
    assert units_per_item({"ItemCount": items, "TableSizeBytes": size}) == units


@pytest.mark.parametrize(
    ("messages", "units", "rate", "seconds"),
    [(40, 5.0, 5.0, 40.0), (40, None, 5.0, None), (40, 5.0, None, None), (0, None, 5.0, 0.0), (0, 5.0, None, 0.0)],
)
def test_the_time_is_unknown_if_cost_or_rate_are_and_an_empty_buffer_takes_none(
    messages: int, units: float | None, rate: float | None, seconds: float | None
) -> None:
    assert seconds_to_empty(messages, units, rate) == seconds
