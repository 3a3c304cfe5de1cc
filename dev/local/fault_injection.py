"""Fault injection: an ASGI middleware that lets the emulator fail as AWS may, and counts what SQS confirms.

Only requests over HTTP fail: the event source mapping, inside the emulator, goes on receiving. Calls that only observe
(GetQueueAttributes, DescribeTable) always succeed, so that the effect of a fault can be watched.
"""

import json
from enum import StrEnum
from http import HTTPStatus

from dev.local.asgi import (
    App,
    AsgiMessage,
    BufferedResponse,
    Json,
    Receive,
    Scope,
    Send,
    aws_error,
    aws_operation,
    read_body,
    replayed,
)
from dev.local.capacity_limiter import DYNAMODB, throttling_error
from dev.local.counters import Counters

_SQS = b"AmazonSQS."
_QUEUE_SENDS = {"SendMessage", "SendMessageBatch"}
_QUEUE_OBSERVATIONS = {"GetQueueAttributes", "GetQueueUrl", "ListQueues"}
_TABLE_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
_TABLE_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}


class EmulatorFault(StrEnum):
    THROTTLE = "throttle"
    SQS_DOWN = "sqs_down"
    DYNAMODB_5XX = "dynamodb_5xx"
    PERMISSION = "permission"


class FaultInjector:
    """`active` may be changed at any time; it applies from the next request on."""

    def __init__(self, app: App, counters: Counters) -> None:
        self.active: frozenset[EmulatorFault] = frozenset()
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        queue_operation, table_operation = aws_operation(scope, _SQS), aws_operation(scope, DYNAMODB)
        sends = queue_operation in _QUEUE_SENDS
        request: Json = {}
        if sends or table_operation in _TABLE_WRITES:
            body = await read_body(receive)
            request, receive = _json_object(body), replayed(body)
            if queue_operation == "SendMessageBatch":
                self._counters.count_batch(_queue_name(request), len(body))
        if failure := self._failure(queue_operation, table_operation, request):
            await failure.send_to(send)
        elif sends:
            await self._count_confirmed(scope, receive, send, request)
        else:
            await self._app(scope, receive, send)

    def _failure(self, queue_operation: str, table_operation: str, request: Json) -> BufferedResponse | None:
        active = self.active
        if not active:
            return None
        if queue_operation and queue_operation not in _QUEUE_OBSERVATIONS and EmulatorFault.SQS_DOWN in active:
            return aws_error(503, "com.amazonaws.sqs#ServiceUnavailable", "SQS is down: an injected fault.")
        writes = table_operation in _TABLE_WRITES
        if (writes or table_operation in _TABLE_READS) and EmulatorFault.DYNAMODB_5XX in active:
            kind = "com.amazonaws.dynamodb.v20120810#InternalServerError"
            return aws_error(500, kind, "DynamoDB fails: an injected fault.")
        if writes and EmulatorFault.PERMISSION in active:
            message = f"not authorized to perform: dynamodb:{table_operation}: an injected fault."
            return aws_error(400, "com.amazon.coral.service#AccessDeniedException", message)
        if writes and EmulatorFault.THROTTLE in active:
            table = str(request.get("TableName", "")).rpartition("table/")[2]
            self._counters.count_throttle(table)
            return throttling_error([f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"])
        return None

    async def _count_confirmed(self, scope: Scope, receive: Receive, send: Send, request: Json) -> None:
        """Passes a send on, and counts the messages that SQS confirms."""
        content = bytearray()
        status = 0

        async def observed(message: AsgiMessage) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                content.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, observed)
        if status == HTTPStatus.OK:
            successful = _json_object(bytes(content)).get("Successful")
            self._counters.sent[_queue_name(request)] += 1 if successful is None else len(successful)


def _queue_name(request: Json) -> str:
    return str(request.get("QueueUrl", "")).rpartition("/")[2]


def _json_object(body: bytes) -> Json:
    """Empty where the body is something else."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
