"""The list of all metrics, and the log line from which CloudWatch reads them: the embedded metric format.

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
    "superseded": "records that the table already had in this version or a newer one",
    "write_units": "write units that the puts consumed",
    "throttles": "puts that were throttled because the table had no capacity left",
    "key_throttled": "puts that were throttled because the partition of one key had no capacity left",
    "table_unavailable": "puts that failed because the table did not answer or had an internal error",
    "table_misconfigured": "invocations that could put nothing: wrong permission, table name or credentials",
    "dead_lettered": "messages that can never be put, sent to the dead-letter queue with a reason",
    "deferred": "messages that were hidden until there will be capacity",
    "renewed": "messages that were re-enqueued, because they had been received too often or were too old",
}
"""Every metric, by its name in CloudWatch."""


class Metrics:
    """The counts of one invocation. `flush` writes one line, or nothing if nothing was counted."""

    def __init__(self, table_name: str, now_ms: Callable[[], int], write: Callable[[str], object]) -> None:
        self._table_name = table_name
        self._now_ms = now_ms
        self._write = write
        self._counts: defaultdict[str, float] = defaultdict(float)

    def count(self, name: str, number: float) -> None:
        """Raises `KeyError` for a name that is not in `METRICS`."""
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
