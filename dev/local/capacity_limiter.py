"""The capacity limiter: it enforces provisioned write throughput, which no emulator does by itself.

An ASGI middleware around the emulator. Every write but PartiQL's is charged to its table's `WriteCapacity` with what
the emulator says it consumed, and refused with DynamoDB's own error when no capacity is left. Index writes are charged
to the table; reads and on-demand tables are not limited. Many items in one request are charged after the write, so
several such requests at the same time may all be admitted on the same credit.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
    header,
    json_response,
    read_body,
    replayed,
)
from dev.local.capacity import WriteCapacity
from dev.local.counters import Counters
from records.item import (
    CONTAINER_BYTES,
    ELEMENT_BYTES,
    AttributeValue,
    Item,
    from_attribute_value,
    value_bytes,
    write_units,
)

DYNAMODB = b"DynamoDB_20120810."
"""How `X-Amz-Target` begins for DynamoDB."""
_ONE_ITEM = {"PutItem", "UpdateItem", "DeleteItem"}
_MANY_ITEMS = {"BatchWriteItem", "TransactWriteItems"}
_ACCOUNT, _ACCOUNT_DIGITS = b"000000000000", 12
_PROVISIONED_SECONDS = 1.0
"""How long a table's provisioned throughput is cached before the emulator is asked again."""


@dataclass(slots=True)
class _LimitedTable:
    arn: str
    capacity: WriteCapacity
    described_at: float


class CapacityLimiter:
    """`burst_seconds` is how much unused capacity a table keeps, in seconds of its provisioned rate."""

    def __init__(
        self, app: App, burst_seconds: float, monotonic: Callable[[], float], counters: Counters | None = None
    ) -> None:
        self._app = app
        self._counters = counters or Counters()
        self._burst_seconds = burst_seconds
        self._monotonic = monotonic
        self._tables: dict[tuple[bytes, str], _LimitedTable] = {}  # provisioned ones; by credential scope and name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = aws_operation(scope, DYNAMODB)
        if operation == "DescribeTable":
            await self._see_table(scope, receive, send)
            return
        if operation not in _ONE_ITEM | _MANY_ITEMS:
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        try:
            request = json.loads(body)
            names = _table_names(operation, request)
        except (ValueError, KeyError, TypeError, AttributeError):
            response = await self._forward(scope, body)  # malformed: the emulator refuses it
        else:
            response = await self._write(scope, operation, request, names)
        await response.send_to(send)

    def saved_up(self) -> dict[str, tuple[float, float]]:
        """By table: the units that are there now, and how many there are at most."""
        capacities = {name: table.capacity for (_, name), table in self._tables.items()}
        return {name: (capacity.level, capacity.level_max) for name, capacity in capacities.items()}

    async def _see_table(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes it on. A table saves up from when it is first seen, not only from its first write."""
        body = await read_body(receive)
        response = await self._forward(scope, body)
        await response.send_to(send)
        table = _table_of(response)
        if table.get("ProvisionedThroughput", {}).get("WriteCapacityUnits"):
            self._keep(_identity(scope, table["TableName"]), table)

    async def _write(self, scope: Scope, operation: str, request: Json, names: set[str]) -> BufferedResponse:
        tables = {name: table for name in names if (table := await self._table(scope, name))}
        if exhausted := {name: table.arn for name, table in tables.items() if not table.capacity.admits()}:
            for name in exhausted:
                self._counters.count_throttle(name)
            return throttling_error(list(exhausted.values()))
        capacities = {name: table.capacity for name, table in tables.items()}
        if operation in _MANY_ITEMS:
            return await self._write_then_charge(scope, request, capacities)
        return await self._charge_then_write(scope, request, capacities)

    async def _charge_then_write(
        self, scope: Scope, request: Json, capacities: dict[str, WriteCapacity]
    ) -> BufferedResponse:
        """One item: charged by its size before the write, so that no other is admitted meanwhile on the same credit."""
        estimate = used = write_units(max(1, _item_bytes(request.get("Item", {}))))
        for capacity in capacities.values():
            capacity.charge(estimate)
        forwarded = {**request, "ReturnConsumedCapacity": _consumption_to_return(request)}
        if "ConditionExpression" in request:
            forwarded["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        response = await self._forward(scope, json.dumps(forwarded).encode())
        content = json.loads(response.body)
        if content.get("__type", "").endswith("ConditionalCheckFailedException"):
            # Charged by size too, though the error does not say so:
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
            used = max(used, write_units(max(1, _item_bytes(content.get("Item", {})))))
            for name in capacities:
                self._counters.count_superseded(name, used)
        else:
            used = int(content.get("ConsumedCapacity", {}).get("CapacityUnits", 0))  # writes cost whole units
            for name in capacities if used else ():
                self._counters.count_put(name, used, request)
        for capacity in capacities.values():
            capacity.charge(used - estimate)
        return _as_requested(response, content, request)

    async def _write_then_charge(
        self, scope: Scope, request: Json, capacities: dict[str, WriteCapacity]
    ) -> BufferedResponse:
        forwarded = {**request, "ReturnConsumedCapacity": _consumption_to_return(request)}
        response = await self._forward(scope, json.dumps(forwarded).encode())
        content = json.loads(response.body)
        for consumed in content.get("ConsumedCapacity", ()):
            if capacity := capacities.get(consumed["TableName"]):
                capacity.charge(consumed["CapacityUnits"])
                self._counters.count_units(consumed["TableName"], consumed["CapacityUnits"])
        return _as_requested(response, content, request)

    async def _table(self, scope: Scope, name: str) -> _LimitedTable | None:
        """The table as provisioned now; None for one that is on-demand or does not exist."""
        identity = _identity(scope, name)
        known = self._tables.get(identity)
        if known and self._monotonic() - known.described_at < _PROVISIONED_SECONDS:
            return known
        description = await self._describe(scope, name)
        if not description.get("ProvisionedThroughput", {}).get("WriteCapacityUnits"):
            self._tables.pop(identity, None)
            return None
        return self._keep(identity, description)

    def _keep(self, identity: tuple[bytes, str], description: Json) -> _LimitedTable:
        units, now = description["ProvisionedThroughput"]["WriteCapacityUnits"], self._monotonic()
        known = self._tables.get(identity)
        if known is None or known.arn != description["TableArn"]:
            capacity = WriteCapacity(units, self._burst_seconds, self._monotonic)
            known = self._tables[identity] = _LimitedTable(description["TableArn"], capacity, now)
        elif known.capacity.units_per_second != units:
            known.capacity.provision(units)
        known.described_at = now
        return known

    async def _describe(self, scope: Scope, name: str) -> Json:
        headers = [(key, value) for key, value in scope["headers"] if key.lower() != b"x-amz-target"]
        headers.append((b"x-amz-target", DYNAMODB + b"DescribeTable"))
        return _table_of(await self._forward({**scope, "headers": headers}, json.dumps({"TableName": name}).encode()))

    async def _forward(self, scope: Scope, body: bytes) -> BufferedResponse:
        """The emulator's response to the request with this body."""
        headers = [(key, value) for key, value in scope["headers"] if key != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        response = BufferedResponse(500, [], b"")

        async def send(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                response.status, response.headers = message["status"], list(message["headers"])
            else:
                response.body += message.get("body", b"")

        await self._app({**scope, "headers": headers}, replayed(body), send)
        return response


def throttling_error(arns: list[str]) -> BufferedResponse:
    """DynamoDB's own refusal of a write to tables without capacity."""
    return aws_error(
        400,
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your"
        " provisioning level with the UpdateTable API.",
        ThrottlingReasons=[{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn} for arn in arns],
    )


def _identity(scope: Scope, name: str) -> tuple[bytes, str]:
    """Account and region, and the table's name. MiniStack takes an access key of twelve digits for the account, as the
    functions have it, and every other one for the same account. `Credential=KEY/date/region/service/aws4_request`.
    """
    credential = header(scope, b"authorization").partition(b"Credential=")[2].partition(b",")[0]
    key, _, region = (*credential.split(b"/"), b"", b"", b"")[:3]
    account = key if len(key) == _ACCOUNT_DIGITS and key.isdigit() else _ACCOUNT
    return account + b"/" + region, name


def _table_of(response: BufferedResponse) -> Json:
    table: Json = json.loads(response.body).get("Table", {})
    return table


def _table_names(operation: str, request: Json) -> set[str]:
    if operation in _ONE_ITEM:
        arns: Iterable[str] = [request["TableName"]]
    elif operation == "BatchWriteItem":
        arns = request["RequestItems"]
    else:
        arns = [change["TableName"] for item in request["TransactItems"] for change in item.values()]
    return {arn.rpartition("table/")[2] for arn in arns}


def _consumption_to_return(request: Json) -> str:
    requested: str = request.get("ReturnConsumedCapacity", "NONE")
    return "TOTAL" if requested == "NONE" else requested


def _as_requested(response: BufferedResponse, content: Json, request: Json) -> BufferedResponse:
    """The response without what only the limiter requested."""
    if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        content.pop("ConsumedCapacity", None)
    if request.get("ReturnValuesOnConditionCheckFailure") != "ALL_OLD" and "__type" in content:
        content.pop("Item", None)
    return json_response(response.status, content, response.headers)


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
