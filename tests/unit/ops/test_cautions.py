"""What an owner should mind: said where it is true, and only there."""

from dataclasses import replace

import pytest
from samtranslator.yaml_helper import yaml_parse

from consumer.backlog import IN_FLIGHT_MAX
from dev.paths import ROOT
from ops import cautions
from ops.plan import plan
from ops.workload import Workload

_DAY = 86_400.0

QUIET = Workload(rate=5, burst_rate=60, burst_seconds=600, period_seconds=_DAY, record_bytes=800, write_units=20)
"""A backlog of 24,000 records on a table that is a third used."""


def said(load: Workload) -> str:
    return " ".join(cautions.cautions(plan(load)))


def test_a_plan_far_from_every_limit_has_nothing_to_mind() -> None:
    assert said(QUIET) == ""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"rate": 19}, "The table is 96 % used: there is no room for more."),
        ({"write_units": 40_001}, "AWS allows a table 40,000 write units"),
        ({"burst_rate": 300}, "More records will wait than the 120,000 that SQS hides at once."),
        ({"burst_rate": 300, "rate": 0, "write_units": 2, "period_seconds": 10 * 86_400}, "costs up to $7 per million"),
        ({"burst_rate": 10_001, "records_per_request": 1}, "A burst is 10,001 requests/s"),
        ({"rate": 0, "burst_rate": 2000, "write_units": 1, "period_seconds": 40 * 86_400}, "set BacklogAlarmHours"),
    ],
)
def test_what_comes_close_to_a_limit_is_said(changed: dict[str, int], sentence: str) -> None:
    assert sentence in said(replace(QUIET, **changed))


def test_a_backlog_that_never_drains_is_not_called_a_full_table() -> None:
    assert said(replace(QUIET, write_units=1)) == ""


def test_records_that_may_wait_longer_than_14_days_out_of_order_are_said() -> None:
    load = Workload(0.9, 10, _DAY, 110 * 86_400, record_bytes=300, write_units=1)
    planned = plan(load)
    assert planned.backlog
    assert planned.keeps_all
    assert "In the worst order a record waits longer than 14 days" in said(load)


def test_the_limits_are_those_of_the_template_and_the_consumer() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    assert template["Parameters"]["BacklogAlarmHours"]["Default"] * 3600 == cautions.ALARM_SECONDS
    assert cautions.IN_FLIGHT_MAX == IN_FLIGHT_MAX
