"""The monthly cost of a plan: the prices, the metered quantities, and the bill. Pure; nothing is fetched.

For another region, change the dollars in `PRICES`; they are nowhere else. Free tiers are left out, and so are volume
tiers, except the one of API Gateway that a busy API reaches. Where a quantity can only be estimated, its constant says
what the estimate is based on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ops.plan import INVOCATION_SECONDS, Plan, Workload
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
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"

PRICES: Mapping[str, Price] = {
    # us-east-1, both functions on arm64
    "api_request": Price(1.00, _MILLION, "requests, the first 300 million", "2026-09", _API),
    "api_request_above": Price(0.90, _MILLION, "requests above these", "2026-09", _API),
    "lambda_request": Price(0.20, _MILLION, "invocations", "2026-05", _LAMBDA),
    "lambda_gb_second": Price(0.0000133334, 1, "GB-seconds", "2026-05", _LAMBDA),
    "snapstart_gb_second": Price(0.0000015046, 1, "GB-seconds of cached snapshot", "2026-05", _LAMBDA),
    "sqs_request": Price(0.40, _MILLION, "requests", "2026-06", _SQS),
    "write_unit_hour": Price(0.00065, 1, "write unit hours", "2026-06", _PROVISIONED),
    "read_unit_hour": Price(0.00013, 1, "read unit hours", "2024-11", _PROVISIONED),
    "write_request": Price(0.625, _MILLION, "write request units", "2025-07", _ON_DEMAND),
    "stored_gb": Price(0.25, 1, "GB stored", "2024-11", _PROVISIONED),
    "log_gb": Price(0.50, 1, "GB of logs", "2026-06", _CLOUDWATCH),
    "metric": Price(0.30, 1, "custom metrics", "2026-02", _CLOUDWATCH),
}
_API_TIER_REQUESTS = 300 * _MILLION
"""https://aws.amazon.com/api-gateway/pricing/"""

_API_METER_BYTES = 512 * 1024
"""https://aws.amazon.com/api-gateway/pricing/: HTTP APIs are metered in steps of 512 KB."""
SQS_METER_BYTES = 64 * 1024
"""https://aws.amazon.com/sqs/pricing/: each 64 KB of a call's messages is a request."""
EMPTY_RECEIVES_A_MINUTE = 5 * 3
"""Lambda polls an idle queue over five connections with long polls of 20 s, SQS's longest. AWS does not document the
total; 15 a minute is also what owners of idle queues see as NumberOfEmptyReceives.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
_STORED_BYTES = 100
"""What DynamoDB bills for each stored item in addition to its size: https://aws.amazon.com/dynamodb/pricing/provisioned/"""
VERSION_BYTES = 49
"""The size of the message attribute `version` (records/message.py)."""
MEMORY_GB = 0.5
"""Of both functions (template.yaml)."""
_SEND_SECONDS, _SENDS_AT_ONCE, _RECORD_SECONDS = 0.02, 8, 0.0001
"""The API waits for SQS, 5 to 20 ms for each call, eight calls at a time (api/outbound/group_commit.py). A record takes
28 µs of a whole core (docs/performance.md), and 512 MB of memory come with a third of a core."""
_RECEIVE_SECONDS = 0.02
"""Between two invocations of the consumer: a receive, and the invocation's start."""
_LOG_BYTES = 1000
"""Log bytes of one invocation: two lines of Lambda, one of the function, one of metrics."""
_METRICS_API, _METRICS_CONSUMER = 1, 3
"""Metrics counted without failures: `accepted`; `puts`, `write_units` and `throttles` (telemetry/metrics.py)."""


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
    storage: Line
    """What each month's records add to every later bill, if each record has its own id."""

    @property
    def dollars(self) -> float:
        return sum(line.dollars for line in self.api + self.buffer + self.table)

    @property
    def buffered_dollars(self) -> float:
        """What to compare with `peak` and `on_demand`: the table's writes and the buffer."""
        return self.table[0].dollars + sum(line.dollars for line in self.buffer)


def bill(plan: Plan, prices: Mapping[str, Price] = PRICES) -> Bill:
    workload = plan.workload

    def line(service: str, price: str, quantity: float) -> Line:
        return Line(service, quantity, prices[price].metered, prices[price].of(quantity))

    records = workload.average_rate * _MONTH_SECONDS
    requests = records / workload.records_per_request
    metered = requests * _chunks(workload.records_per_request * workload.record_bytes, _API_METER_BYTES)
    consumer = consumed(plan)
    peak_units = math.ceil(workload.burst_rate * workload.units_per_record)
    return Bill(
        api=[
            line("API Gateway", "api_request", min(metered, _API_TIER_REQUESTS)),
            line("API Gateway", "api_request_above", max(0.0, metered - _API_TIER_REQUESTS)),
            line("Lambda, API", "lambda_request", requests),
            line("Lambda, API", "lambda_gb_second", requests * api_seconds(workload) * MEMORY_GB),
            line("Lambda, SnapStart", "snapstart_gb_second", _MONTH_SECONDS * MEMORY_GB),
            line("CloudWatch, API", "log_gb", requests * _LOG_BYTES / _GIGABYTE),
            line("CloudWatch, API", "metric", _METRICS_API),
        ],
        buffer=[
            line("SQS, sending", "sqs_request", requests * _send_requests(workload)),
            line("SQS, draining", "sqs_request", consumer.sqs_requests),
            line("SQS, while empty", "sqs_request", EMPTY_RECEIVES_A_MINUTE * 60 * MONTH_HOURS),
            line("Lambda, consumer", "lambda_request", consumer.invocations),
            line("Lambda, consumer", "lambda_gb_second", consumer.seconds * MEMORY_GB),
            line("CloudWatch, consumer", "log_gb", consumer.invocations * _LOG_BYTES / _GIGABYTE),
            line("CloudWatch, consumer", "metric", _METRICS_CONSUMER),
        ],
        table=[
            line("DynamoDB, writes", "write_unit_hour", workload.write_units * MONTH_HOURS),
            line("DynamoDB, reads", "read_unit_hour", workload.read_units * MONTH_HOURS),
        ],
        peak=line("DynamoDB, writes", "write_unit_hour", peak_units * MONTH_HOURS),
        on_demand=line("DynamoDB, writes", "write_request", records * workload.units_per_record),
        storage=line("DynamoDB, storage", "stored_gb", records * (workload.item_bytes + _STORED_BYTES) / _GIGABYTE),
    )


class Consumed(NamedTuple):
    """What the consumer uses in a time."""

    invocations: float
    seconds: float
    """Of all invocations together, including the time in which they wait."""
    sqs_requests: float
    """Receives, deletions and visibility changes, as metered."""


def consumed(plan: Plan, seconds: float = _MONTH_SECONDS) -> Consumed:
    """The use in so many seconds, which are whole periods."""
    workload = plan.workload
    waits = plan.backlog.lasts if plan.backlog else workload.period_seconds
    if waits:
        parts = [_draining(plan, waits), _quiet(plan, workload.rate, workload.period_seconds - waits, paced=True)]
    else:
        rest = workload.period_seconds - workload.burst_seconds
        parts = [
            _quiet(plan, workload.burst_rate, workload.burst_seconds, paced=False),
            _quiet(plan, workload.rate, rest, paced=False),
        ]
    periods = seconds / workload.period_seconds
    return Consumed(*(periods * sum(each) for each in zip(*parts, strict=True)))


def _draining(plan: Plan, seconds: float) -> Consumed:
    """While there is a backlog, every worker is busy, with full batches."""
    workload, workers, batch = plan.workload, plan.consumer.workers, plan.consumer.batch_size
    rate = min(workload.table_rate, workers * plan.consumer.puts_per_worker)
    # Records that one invocation cannot put are returned to the queue in one call, and received again.
    fits = INVOCATION_SECONDS * rate / workers
    invocations = seconds * rate / min(batch, fits)
    calls = _chunks(batch * _message_bytes(workload), SQS_METER_BYTES) + 1 + (fits < batch)
    return Consumed(invocations, workers * seconds, invocations * calls)


def _quiet(plan: Plan, rate: float, seconds: float, *, paced: bool) -> Consumed:
    """While there is no backlog, the records of each request get an invocation; when no worker is free, batches become
    larger.

    `paced`: after a throttle, puts wait for their turn until there has been none for 30 s (consumer/pace.py).
    """
    workload, consumer = plan.workload, plan.consumer
    together = min(workload.records_per_request, consumer.batch_size)
    rate_max = consumer.workers / (_RECEIVE_SECONDS + together / consumer.puts_per_worker)
    invocation_rate = max(min(rate / together, rate_max), rate / consumer.batch_size)
    batch = math.ceil(rate / invocation_rate) if invocation_rate else 0
    invocations = invocation_rate * seconds
    put_seconds = max(1 / workload.table_rate if paced else 0.0, 1 / consumer.puts_per_worker)
    calls = _chunks(batch * _message_bytes(workload), SQS_METER_BYTES) + 1
    return Consumed(invocations, rate * seconds * put_seconds, invocations * calls)


def _send_requests(workload: Workload) -> int:
    """Metered SQS requests for one request to the API, which sends batches."""
    size = _message_bytes(workload)
    batch = min(SEND_BATCH_ENTRIES_MAX, SEND_BATCH_BYTES_MAX // size)
    batches, rest = divmod(workload.records_per_request, batch)
    return batches * _chunks(batch * size, SQS_METER_BYTES) + (_chunks(rest * size, SQS_METER_BYTES) if rest else 0)


def api_seconds(workload: Workload) -> float:
    """Duration of one invocation of the API."""
    calls = math.ceil(workload.records_per_request / SEND_BATCH_ENTRIES_MAX)
    return math.ceil(calls / _SENDS_AT_ONCE) * _SEND_SECONDS + workload.records_per_request * _RECORD_SECONDS


def _message_bytes(workload: Workload) -> int:
    return workload.record_bytes + VERSION_BYTES


def _chunks(size: int, of: int) -> int:
    return -(-size // of)
