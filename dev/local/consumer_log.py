"""What the consumer used, from its log on the local stack: Lambda's own REPORT lines, and the metrics' lines."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from ops.local_session import local_session
from ops.workload import BATCH_SIZE, RECEIVE_MAX

_REPORT = re.compile(r"^REPORT .*Billed Duration: (\d+) ms")
_MESSAGES = ("puts", "superseded", "deferred", "renewed", "dead_lettered")
"""What becomes of a message: one of these metrics counts it."""


@dataclass(frozen=True, slots=True)
class ConsumerUse:
    invocations: int
    milliseconds: int
    """Billed."""
    write_units: float
    sqs_requests: int
    """Receives with messages, deletions and changes of visibility, as many as the invocations' messages need."""
    dead_lettered: int = 0

    def __add__(self, other: "ConsumerUse") -> "ConsumerUse":
        return ConsumerUse(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def consumer_use(messages: Iterable[str]) -> ConsumerUse:
    """`messages`: the log's."""
    invocations = milliseconds = requests = dead_lettered = 0
    units = 0.0
    for message in messages:
        if report := _REPORT.match(message):
            invocations += 1
            milliseconds += int(report[1])
        elif message.startswith('{"_aws"'):
            metrics = json.loads(message)
            units += metrics.get("write_units", 0)
            requests += _sqs_requests(metrics)
            dead_lettered += int(metrics.get("dead_lettered", 0))
    return ConsumerUse(invocations, milliseconds, units, requests, dead_lettered)


def _sqs_requests(metrics: Mapping[str, float]) -> int:
    """Of one invocation. A batch that is not full ends with a receive that brings nothing, at the end of the window."""
    received = sum(metrics.get(name, 0) for name in _MESSAGES)
    deferred = metrics.get("deferred", 0)
    receives = math.ceil(received / RECEIVE_MAX) + (received < BATCH_SIZE)
    return receives + math.ceil(deferred / RECEIVE_MAX) + math.ceil((received - deferred) / RECEIVE_MAX)


def consumer_log(aws_url: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The messages in the log of the local stack's consumer."""
    session = local_session(environment)
    functions = session.client("lambda", endpoint_url=aws_url)
    name = next(
        each["FunctionName"] for each in functions.list_functions()["Functions"] if "Consumer" in each["FunctionName"]
    )
    group = functions.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
    logs = session.client("logs", endpoint_url=aws_url)
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from (event["message"] for event in page["events"])
