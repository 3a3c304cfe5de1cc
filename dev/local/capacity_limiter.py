"""The capacity limiter: provisioned throughput, which no emulator enforces, made real in front of one.

An ASGI middleware around the emulator. Every write but PartiQL's is charged to its table's `WriteCapacity`
with what the emulator says it consumed, and refused with DynamoDB's own error when there is nothing left. Indexes are
billed to the table, reads not at all, and on-demand tables are let through. Many items in one request are charged
after the write, so several such requests at once may all be let in on the same credit.
"""

import json
import zlib
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dev.local.capacity import WriteCapacity
from dev.local.counters import Meters
from records.item import (
    CONTAINER_BYTES,
    ELEMENT_BYTES,
    AttributeValue,
    Item,
    from_attribute_value,
    value_bytes,
    write_units,
)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Json: TypeAlias = dict[str, Any]

_TARGET = b"DynamoDB_20120810."
_ONE_ITEM = {"PutItem", "UpdateItem", "DeleteItem"}
_MANY_ITEMS = {"BatchWriteItem", "TransactWriteItems"}
_PROVISIONED_SECONDS = 1.0
"""How long a table's provisioned throughput is believed before the emulator is asked again."""


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(slots=True)
class _Table:
    arn: str
    capacity: WriteCapacity
    asked_at: float


class CapacityLimiter:
    """`burst_seconds` is how much unused capacity a table keeps, in seconds of its provisioned rate."""

    def __init__(
        self, app: App, burst_seconds: float, monotonic: Callable[[], float], meters: Meters | None = None
    ) -> None:
        self._app = app
        self._meters = meters or Meters()
        self._burst_seconds = burst_seconds
        self._monotonic = monotonic
        self._tables: dict[tuple[bytes, str], _Table] = {}  # provisioned ones; by credential scope and name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = operation(scope)
        if asked not in _ONE_ITEM | _MANY_ITEMS:
            await self._app(scope, receive, send)
            return
        body = await read(receive)
        try:
            request = json.loads(body)
            names = _table_names(asked, request)
        except (ValueError, KeyError, TypeError, AttributeError):
            told = await self._ask(scope, body)  # malformed: the emulator's to refuse
        else:
            told = await self._limited(scope, asked, request, names)
        await send({"type": "http.response.start", "status": told.status, "headers": told.headers})
        await send({"type": "http.response.body", "body": told.body})

    async def _limited(self, scope: Scope, asked: str, request: Json, names: set[str]) -> Answer:
        tables = {name: table for name in names if (table := await self._table(scope, name))}
        if exhausted := {name: table.arn for name, table in tables.items() if not table.capacity.admits()}:
            for name in exhausted:
                self._meters.throttled(name)
            return throttled(list(exhausted.values()))
        capacities = {name: table.capacity for name, table in tables.items()}
        if asked in _MANY_ITEMS:
            return await self._charged_after(scope, request, capacities)
        return await self._charged_before(scope, request, capacities)

    async def _charged_before(self, scope: Scope, request: Json, capacities: dict[str, WriteCapacity]) -> Answer:
        """One item: charged with its own size before the write, so that no other is let in meanwhile on its credit."""
        estimate = used = write_units(max(1, _item_bytes(request.get("Item", {}))))
        for capacity in capacities.values():
            capacity.charge(estimate)
        asked = {**request, "ReturnConsumedCapacity": _consumption_asked(request)}
        if "ConditionExpression" in request:
            asked["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        answer = await self._ask(scope, json.dumps(asked).encode())
        told = json.loads(answer.body)
        if told.get("__type", "").endswith("ConditionalCheckFailedException"):
            # Charged by size too, though the error does not say so:
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
            used = max(used, write_units(max(1, _item_bytes(told.get("Item", {})))))
            for name in capacities:
                self._meters.superseded(name, used)
        else:
            used = int(told.get("ConsumedCapacity", {}).get("CapacityUnits", 0))  # writes cost whole units
            for name in capacities if used else ():
                self._meters.put(name, used, request)
        for capacity in capacities.values():
            capacity.charge(used - estimate)
        return _as_asked(answer, told, request)

    async def _charged_after(self, scope: Scope, request: Json, capacities: dict[str, WriteCapacity]) -> Answer:
        answer = await self._ask(
            scope, json.dumps({**request, "ReturnConsumedCapacity": _consumption_asked(request)}).encode()
        )
        told = json.loads(answer.body)
        for consumed in told.get("ConsumedCapacity", ()):
            if capacity := capacities.get(consumed["TableName"]):
                capacity.charge(consumed["CapacityUnits"])
                self._meters.wrote_many(consumed["TableName"], consumed["CapacityUnits"])
        return _as_asked(answer, told, request)

    async def _table(self, scope: Scope, name: str) -> _Table | None:
        """The table as provisioned now; None for one that is on-demand or not there."""
        now = self._monotonic()
        # The credential scope tells accounts and regions apart.
        identity = (header(scope, b"authorization").partition(b",")[0], name)
        known = self._tables.get(identity)
        if known and now - known.asked_at < _PROVISIONED_SECONDS:
            return known
        described = await self._describe(scope, name)
        units = described.get("ProvisionedThroughput", {}).get("WriteCapacityUnits")
        if not units:
            self._tables.pop(identity, None)
            return None
        if known is None or known.arn != described["TableArn"]:
            known = _Table(described["TableArn"], WriteCapacity(units, self._burst_seconds, self._monotonic), now)
            self._tables[identity] = known
        elif known.capacity.units_per_second != units:
            known.capacity.provision(units)
        known.asked_at = now
        return known

    async def _describe(self, scope: Scope, name: str) -> Json:
        headers = [(key, value) for key, value in scope["headers"] if key.lower() != b"x-amz-target"]
        headers.append((b"x-amz-target", _TARGET + b"DescribeTable"))
        answer = await self._ask({**scope, "headers": headers}, json.dumps({"TableName": name}).encode())
        table: Json = json.loads(answer.body).get("Table", {})
        return table

    async def _ask(self, scope: Scope, body: bytes) -> Answer:
        """The emulator's answer to the request with this body."""
        headers = [(key, value) for key, value in scope["headers"] if key != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        answer = Answer(500, [], b"")

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self._app({**scope, "headers": headers}, receive, send)
        return answer


def operation(scope: Scope) -> str:
    if scope["type"] != "http":
        return ""
    target = header(scope, b"x-amz-target")
    return target.removeprefix(_TARGET).decode("ascii", "replace") if target.startswith(_TARGET) else ""


def header(scope: Scope, name: bytes) -> bytes:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value for key, value in headers if key.lower() == name), b"")


async def read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _table_names(operation: str, request: Json) -> set[str]:
    if operation in _ONE_ITEM:
        arns: Iterable[str] = [request["TableName"]]
    elif operation == "BatchWriteItem":
        arns = request["RequestItems"]
    else:
        arns = [change["TableName"] for item in request["TransactItems"] for change in item.values()]
    return {arn.rpartition("table/")[2] for arn in arns}


def _consumption_asked(request: Json) -> str:
    asked: str = request.get("ReturnConsumedCapacity", "NONE")
    return "TOTAL" if asked == "NONE" else asked


def _item_bytes(item: Item) -> int:
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: AttributeValue) -> int:
    """As `value_bytes`, of a value as it is on the wire, where a binary is base64 text."""
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return len(b64decode(content))
        case "BS":
            return sum(len(b64decode(each)) for each in content)
        case "L":
            return CONTAINER_BYTES + sum(ELEMENT_BYTES + _value_bytes(each) for each in content)
        case "M":
            return CONTAINER_BYTES + sum(
                ELEMENT_BYTES + len(name.encode()) + _value_bytes(each) for name, each in content.items()
            )
        case _:
            return value_bytes(from_attribute_value(value))


def _as_asked(answer: Answer, told: Json, request: Json) -> Answer:
    """The answer without what only the limiter had asked for."""
    if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        told.pop("ConsumedCapacity", None)
    if request.get("ReturnValuesOnConditionCheckFailure") != "ALL_OLD" and "__type" in told:
        told.pop("Item", None)
    return json_answer(answer.status, told, answer.headers)


def throttled(arns: list[str]) -> Answer:
    error = {
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded. Consider increasing your"
        " provisioning level with the UpdateTable API.",
        "ThrottlingReasons": [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn} for arn in arns],
    }
    return json_answer(400, error, [(b"content-type", b"application/x-amz-json-1.0")])


def json_answer(status: int, told: Json, headers: list[tuple[bytes, bytes]]) -> Answer:
    body = json.dumps(told).encode()
    kept = [(key, value) for key, value in headers if key.lower() not in {b"content-length", b"x-amz-crc32"}]
    checks = [
        (b"content-length", str(len(body)).encode()),
        (b"x-amz-crc32", str(zlib.crc32(body)).encode()),
    ]
    return Answer(status, kept + checks, body)
