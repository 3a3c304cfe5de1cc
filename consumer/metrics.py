"""Counts as CloudWatch reads them from a line of log: the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections import Counter
from collections.abc import Callable

NAMESPACE = "Forebay"
_DIMENSION = "table"


class Metrics:
    """Counts within an invocation; `flush` prints one line, and none when nothing was counted."""

    def __init__(self, table_name: str, now_ms: Callable[[], int], write: Callable[[str], object]) -> None:
        self._table_name = table_name
        self._now_ms = now_ms
        self._write = write
        self._counts: Counter[str] = Counter()

    def count(self, name: str, number: int) -> None:
        self._counts[name] += number

    def flush(self) -> None:
        if not self._counts:
            return
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [[_DIMENSION]],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in self._counts],
        }
        line = {"_aws": {"Timestamp": self._now_ms(), "CloudWatchMetrics": [directive]}, _DIMENSION: self._table_name}
        self._write(json.dumps({**line, **self._counts}, separators=(",", ":")) + "\n")
        self._counts.clear()
