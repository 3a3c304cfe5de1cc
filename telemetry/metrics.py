"""The list of all metrics, and the log line from which CloudWatch reads them: the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections import defaultdict
from collections.abc import Callable

NAMESPACE = "Forebay"
DIMENSION = "table"
_VALUES_MAX = 100
"""Of one metric in one line."""
METRICS = {
    "accepted": "records that the API accepted and answered with a receipt",
    "unconfirmed": "records, and dead letters of the API, that SQS did not confirm in time, answered 503",
    "puts": "records put into the table",
    "superseded": "records that the table already had in this version or a newer one",
    "write_units": "write units that the puts consumed",
    "throttles": "puts that were throttled because the table had no capacity left",
    "key_throttled": "puts that were throttled because the partition of one key had no capacity left",
    "table_unavailable": "puts that failed because the table did not answer or had an internal error",
    "table_misconfigured": "invocations that could put nothing: wrong permission, table name or credentials",
    "dead_lettered": "records that can never be put, sent to the dead-letter queue with a reason",
    "deferred": "messages that were hidden until there will be capacity",
    "renewed": "messages that were re-enqueued, because they had been received too often or were too old",
    "freshness": "seconds from a record's acceptance to its put, each record's, so that CloudWatch knows percentiles",
}
"""Every metric, by its name in CloudWatch."""
_IN_SECONDS = {"freshness"}


class Metrics:
    """What one invocation counted and measured. `flush` writes one line, or nothing if there is nothing."""

    def __init__(self, table_name: str, now_ms: Callable[[], int], write: Callable[[str], object]) -> None:
        self._table_name = table_name
        self._now_ms = now_ms
        self._write = write
        self._counts: defaultdict[str, float] = defaultdict(float)
        self._values: defaultdict[str, list[float]] = defaultdict(list)

    def count(self, name: str, number: float) -> None:
        """Raises `KeyError` for a name that is not in `METRICS`."""
        METRICS[name]
        self._counts[name] += number

    def measure(self, name: str, value: float) -> None:
        """Keeps each value; of more than a hundred the last ones. Raises `KeyError` as `count` does."""
        METRICS[name]
        self._values[name].append(value)

    def flush(self) -> None:
        if not self._counts and not self._values:
            return
        values = {name: each[-_VALUES_MAX:] for name, each in self._values.items()}
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [[DIMENSION]],
            "Metrics": [
                {"Name": name, "Unit": "Seconds" if name in _IN_SECONDS else "Count"}
                for name in (*self._counts, *values)
            ],
        }
        line = {"_aws": {"Timestamp": self._now_ms(), "CloudWatchMetrics": [directive]}, DIMENSION: self._table_name}
        self._write(json.dumps({**line, **self._counts, **values}, separators=(",", ":")) + "\n")
        self._counts.clear()
        self._values.clear()
