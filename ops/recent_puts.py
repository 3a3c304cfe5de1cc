"""What CloudWatch knows of the last puts: what a record costs, and how fresh the table is.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from telemetry.metrics import DIMENSION, NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricDataResultTypeDef, MetricTypeDef

_HOUR = 3600
_QUERIES = {
    "puts": ("puts", "Sum"),
    "superseded": ("superseded", "Sum"),
    "units": ("write_units", "Sum"),
    "p50": ("freshness", "p50"),
    "p99": ("freshness", "p99"),
}
"""The metric and the statistic of each."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds from accepted to put, of the records put since then."""

    since: datetime
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class RecentPuts:
    """Of this hour and the one before, by the clock; None where CloudWatch has nothing."""

    units_per_record: float | None = None
    """Write units of a put, and of one that was superseded: it consumes them too."""
    freshness: Freshness | None = None
    error: str | None = None
    """Why CloudWatch did not answer."""


def recent_puts(cloudwatch: "CloudWatchClient", table_name: str, now: datetime) -> RecentPuts:
    """Raises nothing: without CloudWatch everything else of the status can still be told."""
    try:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[_query(name, table_name) for name in _QUERIES],
            # CloudWatch's periods begin with the hour.
            StartTime=now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1),
            EndTime=now,
        )
    except ClientError as error:
        return RecentPuts(error=error.response["Error"]["Code"])
    except BotoCoreError as error:
        return RecentPuts(error=type(error).__name__)
    found = {each["Id"]: each for each in answer["MetricDataResults"]}
    puts, superseded, units = (sum(found[name]["Values"]) for name in ("puts", "superseded", "units"))
    return RecentPuts(
        units_per_record=units / (puts + superseded) if units and puts + superseded else None,
        freshness=_freshness(found["p50"], found["p99"]),
    )


def _freshness(p50: "MetricDataResultTypeDef", p99: "MetricDataResultTypeDef") -> Freshness | None:
    """Of the newest period that has any: percentiles of two periods do not add up."""
    halves, most = (dict(zip(each["Timestamps"], each["Values"], strict=True)) for each in (p50, p99))
    since = max(halves.keys() & most.keys(), default=None)
    return Freshness(since, halves[since], most[since]) if since else None


def _query(name: str, table_name: str) -> "MetricDataQueryTypeDef":
    metric, statistic = _QUERIES[name]
    of: MetricTypeDef = {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Dimensions": [{"Name": DIMENSION, "Value": table_name}],
    }
    return {"Id": name, "MetricStat": {"Metric": of, "Period": _HOUR, "Stat": statistic}}
