"""What CloudWatch knows of the puts of the last hour: what a record costs, and how fresh the table is.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from telemetry.metrics import DIMENSION, NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricTypeDef

_SECONDS = 3600
_QUERIES = {
    "puts": ("puts", "Sum"),
    "units": ("write_units", "Sum"),
    "p50": ("freshness", "p50"),
    "p99": ("freshness", "p99"),
}
"""The metric and the statistic of each."""
_DENIED = {"AccessDenied", "AccessDeniedException"}


@dataclass(frozen=True, slots=True)
class RecentPuts:
    """Of the last hour; None where CloudWatch has nothing."""

    units_per_record: float | None = None
    """Write units."""
    freshness: tuple[float, float] | None = None
    """Seconds from accepted to put: p50 and p99."""
    denied: bool = False
    """CloudWatch may not be asked."""


def recent_puts(cloudwatch: "CloudWatchClient", table_name: str, now: datetime) -> RecentPuts:
    """Raises botocore's errors, but for a missing permission."""
    try:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[_query(name, table_name) for name in _QUERIES],
            StartTime=now - timedelta(seconds=_SECONDS),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            return RecentPuts(denied=True)
        raise
    # The hour may lie in two of CloudWatch's periods. Sums add up; of percentiles the newest counts.
    values = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    puts, units = sum(values["puts"]), sum(values["units"])
    p50, p99 = values["p50"], values["p99"]
    return RecentPuts(
        units_per_record=units / puts if puts and units else None,
        freshness=(p50[0], p99[0]) if p50 and p99 else None,
    )


def _query(name: str, table_name: str) -> "MetricDataQueryTypeDef":
    metric, statistic = _QUERIES[name]
    of: MetricTypeDef = {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Dimensions": [{"Name": DIMENSION, "Value": table_name}],
    }
    return {"Id": name, "MetricStat": {"Metric": of, "Period": _SECONDS, "Stat": statistic}}
