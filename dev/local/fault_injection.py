"""Faults on request: an ASGI middleware that lets the emulator fail as AWS may, and counts what SQS confirms.

What fails is what is asked over HTTP: the event source mapping, inside the emulator, goes on receiving. Whoever only
looks (GetQueueAttributes, DescribeTable) is let through, so that a fault can be watched.
"""

import json
from enum import StrEnum

from dev.local.capacity_limiter import (
    Answer,
    App,
    Json,
    Message,
    Receive,
    Scope,
    Send,
    header,
    json_answer,
    operation,
    read,
    throttled,
)
from dev.local.counters import Meters

_SQS = b"AmazonSQS."
_SENDS = {"SendMessage", "SendMessageBatch"}
_LOOKS = {"GetQueueAttributes", "GetQueueUrl", "ListQueues"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
_READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}
_JSON_HEADERS = [(b"content-type", b"application/x-amz-json-1.0")]


class Fault(StrEnum):
    THROTTLE = "throttle"
    SQS_DOWN = "sqs_down"
    DYNAMODB_5XX = "dynamodb_5xx"
    PERMISSION = "permission"


class Faults:
    """`active` may be changed at any time and holds from the next request on."""

    def __init__(self, app: App, meters: Meters) -> None:
        self.active: frozenset[Fault] = frozenset()
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        queue_operation, table_operation = _queue_operation(scope), operation(scope)
        if queue_operation in _SENDS or table_operation in _WRITES:
            body = await read(receive)
            failed = self._failure(queue_operation, table_operation, _json(body))
            if failed is None and queue_operation:
                await self._send(scope, body, send)
                return
            if failed is None:
                await self._app(scope, _once(body), send)
                return
        else:
            failed = self._failure(queue_operation, table_operation, {})
            if failed is None:
                await self._app(scope, receive, send)
                return
        await send({"type": "http.response.start", "status": failed.status, "headers": failed.headers})
        await send({"type": "http.response.body", "body": failed.body})

    def _failure(self, queue_operation: str, table_operation: str, request: Json) -> Answer | None:
        active = self.active
        if not active:
            return None
        if queue_operation and queue_operation not in _LOOKS and Fault.SQS_DOWN in active:
            return _error(503, "com.amazonaws.sqs#ServiceUnavailable", "SQS is down: a fault made on request.")
        writes = table_operation in _WRITES
        if (writes or table_operation in _READS) and Fault.DYNAMODB_5XX in active:
            kind = "com.amazonaws.dynamodb.v20120810#InternalServerError"
            return _error(500, kind, "DynamoDB fails: a fault made on request.")
        if writes and Fault.PERMISSION in active:
            message = f"not authorized to perform: dynamodb:{table_operation}: a fault made on request."
            return _error(400, "com.amazon.coral.service#AccessDeniedException", message)
        if writes and Fault.THROTTLE in active:
            table = str(request.get("TableName", "")).rpartition("table/")[2]
            self._meters.throttled(table)
            return throttled([f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"])
        return None

    async def _send(self, scope: Scope, body: bytes, send: Send) -> None:
        """Messages on their way into a queue; those that SQS confirms are counted."""
        told = bytearray()
        status = 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                told.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, _once(body), seen)
        if status == 200:  # noqa: PLR2004 - HTTP's own
            queue = str(_json(body).get("QueueUrl", "")).rpartition("/")[2]
            successful = _json(bytes(told)).get("Successful")
            self._meters.sent[queue] += 1 if successful is None else len(successful)


def _queue_operation(scope: Scope) -> str:
    target = header(scope, b"x-amz-target") if scope["type"] == "http" else b""
    return target.removeprefix(_SQS).decode("ascii", "replace") if target.startswith(_SQS) else ""


def _json(body: bytes) -> Json:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _once(body: bytes) -> Receive:
    """Stands for the server's, whose body has been read."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _error(status: int, kind: str, message: str) -> Answer:
    return json_answer(status, {"__type": kind, "message": message}, _JSON_HEADERS)
