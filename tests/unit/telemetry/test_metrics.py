"""Metrics: one line of the embedded metric format an invocation, as CloudWatch reads it."""

import json
import re

import pytest

from dev.paths import ROOT
from telemetry.metrics import METRICS, Metrics

NOW_MS = 1_700_000_000_000


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


def test_what_is_not_declared_is_not_counted() -> None:
    with pytest.raises(KeyError, match="surprise"):
        Metrics("records-1", lambda: NOW_MS, print).count("surprise", 1)


def test_every_metric_is_counted_somewhere_and_documented() -> None:
    sources = "".join(path.read_text() for part in ("api", "consumer") for path in (ROOT / part).rglob("*.py"))
    documented = (ROOT / "docs" / "operating.md").read_text()
    for name in METRICS:
        assert re.search(rf'"{name}"', sources)
        assert f"`{name}`" in documented
