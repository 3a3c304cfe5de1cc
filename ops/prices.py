"""The monthly cost of a plan: the prices, the metered quantities, and the bill. Pure; nothing is fetched.

For another region, change the dollars in `PRICES`; they are nowhere else. Free tiers are left out, and so are volume
tiers, except the one of API Gateway that a busy API reaches. Where a quantity can only be estimated, its constant says
what the estimate is based on.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ops.draining import SQS_METER_BYTES, consumed
from ops.plan import Plan
from ops.workload import MEMORY_MB, Workload
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX

REGION = "us-east-1"
MONTH_HOURS = 730
"""A month, as AWS's own calculator counts it."""
_MONTH_SECONDS = MONTH_HOURS * 3600.0
_MILLION = 1_000_000.0
_GIGABYTE = 1024.0**3


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for `per` units of what is metered.

    `source` is AWS's own page. `seen` is the month of the latest dated copy that the price was compared with: a page of
    others, since AWS's own pages show no figures without a browser. Compare again before you decide by it.
    """

    dollars: float
    per: float
    metered: str
    seen: str
    source: str

    def of(self, quantity: float) -> float:
        return self.dollars * quantity / self.per


_API = "https://aws.amazon.com/api-gateway/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_SQS = "https://aws.amazon.com/sqs/pricing/"
_PROVISIONED = "https://aws.amazon.com/dynamodb/pricing/provisioned/"
_ON_DEMAND = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_XRAY = "https://aws.amazon.com/xray/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"

PRICES: Mapping[str, Price] = {
    # us-east-1, both functions on arm64
    "api_request": Price(1.00, _MILLION, "requests, the first 300 million", "2026-09", _API),
    "api_request_above": Price(0.90, _MILLION, "requests above these", "2026-09", _API),
    "lambda_request": Price(0.20, _MILLION, "invocations", "2026-05", _LAMBDA),
    "lambda_gb_second": Price(0.0000133334, 1, "GB-seconds", "2026-05", _LAMBDA),
    "sqs_request": Price(0.40, _MILLION, "requests", "2026-06", _SQS),
    "write_unit_hour": Price(0.00065, 1, "write unit hours", "2026-06", _PROVISIONED),
    "read_unit_hour": Price(0.00013, 1, "read unit hours", "2024-11", _PROVISIONED),
    "write_request": Price(0.625, _MILLION, "write request units", "2025-07", _ON_DEMAND),
    "trace": Price(5.00, _MILLION, "traces", "2026-06", _XRAY),
    "backup_gb": Price(0.20, 1, "GB of point-in-time recovery", "2024-11", _PROVISIONED),
    "stored_gb": Price(0.25, 1, "GB stored", "2024-11", _PROVISIONED),
    "log_gb": Price(0.50, 1, "GB of logs", "2026-06", _CLOUDWATCH),
    "metric": Price(0.30, 1, "custom metrics", "2026-02", _CLOUDWATCH),
}
_API_TIER_REQUESTS = 300 * _MILLION
"""https://aws.amazon.com/api-gateway/pricing/"""

_API_METER_BYTES = 512 * 1024
"""https://aws.amazon.com/api-gateway/pricing/: HTTP APIs are metered in steps of 512 KB."""
EMPTY_RECEIVES_A_MINUTE = 5 * 3
"""Lambda polls an idle queue over five connections with long polls of 20 s, SQS's longest. AWS does not document the
total; 15 a minute is also what owners of idle queues see as NumberOfEmptyReceives.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
_STORED_BYTES = 100
"""What DynamoDB bills for each stored item in addition to its size: https://aws.amazon.com/dynamodb/pricing/provisioned/"""
_SEND_SECONDS, _SENDS_AT_ONCE, _RECORD_SECONDS = 0.02, 8, 0.0001
"""The API waits for SQS, 5 to 20 ms for each call, eight calls at a time (api/outbound/group_commit.py). A record takes
28 µs of a whole core (docs/measurements/performance.md), and 512 MB of memory come with a third of a core."""
_LOG_BYTES = 400
"""Log bytes of one invocation: the line of its metrics, and what CloudWatch adds to a line."""
_ACCESS_LOG_BYTES = 350
_TRACED_SHARE = 0.05
"""Lambda traces the first request of a second, and one in twenty of the others:
https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""
_METRICS_API, _METRICS_CONSUMER = 1, 5
"""Without failures: `accepted`; `puts`, `write_units`, `freshness`, `deferred` and `throttles`."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The parameters of template.yaml that the bill depends on, beside the table's and the consumer's."""

    has_api_gateway: bool = True
    """False: a function URL instead."""
    has_access_log: bool = False
    has_tracing: bool = False
    api_memory_mb: int = MEMORY_MB


@dataclass(frozen=True, slots=True)
class Line:
    service: str
    quantity: float
    metered: str
    dollars: float


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill of a month: `api`, `buffer` and `table`. The other lines are for comparison."""

    api: list[Line]
    buffer: list[Line]
    """The queue and the consumer: the cost of buffering."""
    table: list[Line]
    peak: Line
    """The table's writes, if it were provisioned for the burst."""
    on_demand: Line
    """The table's writes, if it were on-demand. It throttles too: first beyond 4,000 units a second, later beyond
    twice its previous peak.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"""
    storage: list[Line]
    """What each month's records add to every later bill, if each record has its own id."""

    @property
    def dollars(self) -> float:
        return sum(line.dollars for line in self.api + self.buffer + self.table)

    @property
    def buffered_dollars(self) -> float:
        """What to compare with `peak` and `on_demand`: the table's writes and the buffer."""
        return self.table[0].dollars + sum(line.dollars for line in self.buffer)


def bill(plan: Plan, deployment: Deployment | None = None, prices: Mapping[str, Price] = PRICES) -> Bill:
    workload, deployment = plan.workload, deployment or Deployment()

    def line(service: str, price: str, quantity: float) -> Line:
        return Line(service, quantity, prices[price].metered, prices[price].of(quantity))

    records = workload.average_rate * _MONTH_SECONDS
    requests = records / workload.records_per_request
    stored_gb = records * (workload.item_bytes + _STORED_BYTES) / _GIGABYTE
    peak_units = math.ceil(workload.burst_rate * workload.units_per_record)
    return Bill(
        api=_api_lines(line, workload, deployment, requests),
        buffer=_buffer_lines(line, plan, deployment, requests),
        table=[
            line("DynamoDB, writes", "write_unit_hour", workload.write_units * MONTH_HOURS),
            line("DynamoDB, reads", "read_unit_hour", workload.read_units * MONTH_HOURS),
        ],
        peak=line("DynamoDB, writes", "write_unit_hour", peak_units * MONTH_HOURS),
        on_demand=line("DynamoDB, writes", "write_request", records * workload.units_per_record),
        storage=[
            line("DynamoDB, storage", "stored_gb", stored_gb),
            line("DynamoDB, point-in-time recovery", "backup_gb", stored_gb),
        ],
    )


_MakeLine = Callable[[str, str, float], Line]


def _api_lines(line: _MakeLine, workload: Workload, deployment: Deployment, requests: float) -> list[Line]:
    metered = requests * _chunks(workload.records_per_request * workload.record_bytes, _API_METER_BYTES)
    metered = metered if deployment.has_api_gateway else 0.0
    logged = requests if deployment.has_api_gateway and deployment.has_access_log else 0.0
    gigabytes = deployment.api_memory_mb / 1024
    return [
        line("API Gateway", "api_request", min(metered, _API_TIER_REQUESTS)),
        line("API Gateway", "api_request_above", max(0.0, metered - _API_TIER_REQUESTS)),
        line("API Gateway, access log", "log_gb", logged * _ACCESS_LOG_BYTES / _GIGABYTE),
        line("Lambda, API", "lambda_request", requests),
        line("Lambda, API", "lambda_gb_second", requests * api_seconds(workload) * gigabytes),
        line("CloudWatch, API", "log_gb", requests * _LOG_BYTES / _GIGABYTE),
        line("CloudWatch, API", "metric", _METRICS_API),
        line("X-Ray, API", "trace", _traces(requests) if deployment.has_tracing else 0.0),
    ]


def _buffer_lines(line: _MakeLine, plan: Plan, deployment: Deployment, requests: float) -> list[Line]:
    used = consumed(plan, _MONTH_SECONDS)
    return [
        line("SQS, sending", "sqs_request", requests * _send_requests(plan.workload)),
        line("SQS, draining", "sqs_request", used.sqs_requests),
        line("SQS, while empty", "sqs_request", EMPTY_RECEIVES_A_MINUTE * 60 * MONTH_HOURS),
        line("Lambda, consumer", "lambda_request", used.invocations),
        line("Lambda, consumer", "lambda_gb_second", used.seconds * plan.consumer.memory_mb / 1024),
        line("CloudWatch, consumer", "log_gb", used.invocations * _LOG_BYTES / _GIGABYTE),
        line("CloudWatch, consumer", "metric", _METRICS_CONSUMER),
        line("X-Ray, consumer", "trace", _traces(used.invocations) if deployment.has_tracing else 0.0),
    ]


def _traces(invocations: float) -> float:
    first_of_seconds = min(invocations, _MONTH_SECONDS)
    return first_of_seconds + _TRACED_SHARE * (invocations - first_of_seconds)


def _send_requests(workload: Workload) -> int:
    """Metered SQS requests for one request to the API, which sends batches."""
    size = workload.message_bytes
    batch = min(SEND_BATCH_ENTRIES_MAX, SEND_BATCH_BYTES_MAX // size)
    batches, rest = divmod(workload.records_per_request, batch)
    return batches * _chunks(batch * size, SQS_METER_BYTES) + (_chunks(rest * size, SQS_METER_BYTES) if rest else 0)


def api_seconds(workload: Workload) -> float:
    """Duration of one invocation of the API."""
    calls = math.ceil(workload.records_per_request / SEND_BATCH_ENTRIES_MAX)
    return math.ceil(calls / _SENDS_AT_ONCE) * _SEND_SECONDS + workload.records_per_request * _RECORD_SECONDS


def _chunks(size: int, of: int) -> int:
    return -(-size // of)
