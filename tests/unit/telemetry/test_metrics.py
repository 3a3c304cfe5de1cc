"""Metrics: each is counted where it happens, and an invocation writes one line that CloudWatch reads."""

import json
from collections.abc import Callable

import pytest

from consumer.delivery import Delivery
from consumer.redelivery import RENEW_RECEIVES
from consumer.table import KeyThrottled, TableMisconfigured, TableThrottled, TableUnavailable
from dev.paths import ROOT
from telemetry.metrics import METRICS, Metrics
from tests.unit.api.doubles import Answer, Batch, Sqs, app_of, request
from tests.unit.consumer.doubles import Consumer, Table, delivery

NOW_MS = 1_700_000_000_000


def test_the_counts_are_written_as_one_line_in_the_embedded_metric_format() -> None:
    lines: list[str] = []
    metrics = Metrics("records-1", lambda: NOW_MS, lines.append)
    metrics.count("puts", 1)
    metrics.count("throttles", 2)
    metrics.count("puts", 3)
    metrics.flush()
    (line,) = lines
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": NOW_MS,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Forebay",
                    "Dimensions": [["table"]],
                    "Metrics": [{"Name": "puts", "Unit": "Count"}, {"Name": "throttles", "Unit": "Count"}],
                }
            ],
        },
        "table": "records-1",
        "puts": 4,
        "throttles": 2,
    }


def test_what_was_measured_is_written_value_by_value_so_that_cloudwatch_knows_percentiles() -> None:
    lines: list[str] = []
    metrics = Metrics("records-1", lambda: NOW_MS, lines.append)
    for seconds in range(103):
        metrics.measure("freshness", seconds / 1000)
    metrics.flush()
    metrics.flush()
    (line,) = lines
    written = json.loads(line)
    assert written["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "freshness", "Unit": "Seconds"}]
    # CloudWatch takes at most a hundred values of a metric in a line.
    assert written["freshness"] == [seconds / 1000 for seconds in range(3, 103)]


def test_no_line_is_written_when_nothing_was_counted() -> None:
    lines: list[str] = []
    metrics = Metrics("records-1", lambda: NOW_MS, lines.append)
    metrics.flush()
    metrics.count("puts", 1)
    metrics.flush()
    metrics.flush()
    assert len(lines) == 1


def test_an_undeclared_metric_cannot_be_counted() -> None:
    with pytest.raises(KeyError, match="surprise"):
        Metrics("records-1", lambda: NOW_MS, print).count("surprise", 1)


def from_request(*answers: Callable[[Batch], Answer], seconds_max: float = 30) -> set[str]:
    """Posts one record to an API whose SQS answers like this. Returns the metrics that were counted."""
    counted: set[str] = set()
    app = app_of(Sqs(*answers), seconds_max=seconds_max, count=lambda name, _number: counted.add(name))
    request(app, "POST", "/records", content='{"id": "1"}', headers={"content-type": "application/json"})
    return counted


def from_drain(*deliveries: Delivery, table: Table | None = None) -> set[str]:
    """Drains each delivery in a batch of its own. Returns the metrics that were counted."""
    consumer = Consumer(table)
    for each in deliveries:
        consumer.drain(each)
    written = {"write_units": consumer.write_units, "freshness": consumer.freshness}
    return set(consumer.counts) | {name for name, value in written.items() if value}


def confirm_nothing(_batch: Batch) -> Answer:
    return {"Failed": []}


_COUNTED_WHEN: dict[str, Callable[[], set[str]]] = {
    "accepted": from_request,
    "unconfirmed": lambda: from_request(*[confirm_nothing] * 1000, seconds_max=0.05),
    "puts": lambda: from_drain(delivery("a")),
    "write_units": lambda: from_drain(delivery("a")),
    "freshness": lambda: from_drain(delivery("a")),
    "superseded": lambda: from_drain(delivery("a"), delivery("a")),
    "throttles": lambda: from_drain(delivery("a"), table=Table(errors_once={"a": TableThrottled("slow down")})),
    "key_throttled": lambda: from_drain(delivery("a"), table=Table({"a": KeyThrottled("hot")})),
    "table_unavailable": lambda: from_drain(delivery("a"), table=Table(errors_once={"a": TableUnavailable("down")})),
    "table_misconfigured": lambda: from_drain(delivery("a"), table=Table({"a": TableMisconfigured("denied")})),
    "dead_lettered": lambda: from_drain(delivery("a", "{")),
    "deferred": lambda: from_drain(delivery("a"), table=Table(capacity=0)),
    "renewed": lambda: from_drain(delivery("a", receives=RENEW_RECEIVES), table=Table(capacity=0)),
}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_counted_when_what_it_describes_happens(name: str) -> None:
    assert name in _COUNTED_WHEN[name]()


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "operating.md").read_text()
