"""Metrics: one line of the embedded metric format an invocation, as CloudWatch reads it."""

import json

from consumer.metrics import Metrics
from tests.consumer.doubles import NOW_MS


def test_counts_are_one_line_in_the_embedded_metric_format() -> None:
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


def test_nothing_is_printed_when_nothing_was_counted() -> None:
    lines: list[str] = []
    metrics = Metrics("records-1", lambda: NOW_MS, lines.append)
    metrics.flush()
    metrics.count("puts", 1)
    metrics.flush()
    metrics.flush()
    assert len(lines) == 1
