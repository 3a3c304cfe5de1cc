"""Counts as CloudWatch reads them from a line of log: the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections import defaultdict
from collections.abc import Callable

NAMESPACE = "Forebay"
_DIMENSION = "table"
METRICS = {
    "accepted": "records that the API answered 202 for",
    "unconfirmed": "records that SQS did not confirm in time, answered 503",
    "puts": "records put into the table",
    "superseded": "records that the table had in this or a newer version already",
    "write_units": "write units that the puts used",
    "throttles": "puts that the table refused for want of capacity",
    "key_throttled": "puts that one key's partition refused for want of capacity",
    "table_unavailable": "puts that the table did not answer",
    "table_misconfigured": "invocations that could put nothing: permission, name or credentials",
    "dead_lettered": "messages that can never be put",
    "renewed": "messages that were sent anew, received or kept too often",
}
"""All that there are, counted by the function that it happens in; each by its name in CloudWatch."""


class Metrics:
    """Counts within an invocation; `flush` prints one line, and none when nothing was counted."""

    def __init__(self, table_name: str, now_ms: Callable[[], int], write: Callable[[str], object]) -> None:
        self._table_name = table_name
        self._now_ms = now_ms
        self._write = write
        self._counts: defaultdict[str, float] = defaultdict(float)

    def count(self, name: str, number: float) -> None:
        """`KeyError` for what is not declared."""
        METRICS[name]
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
