"""The capacity limiter: DynamoDB's writes are charged what they consume, and refused with DynamoDB's own error."""

import asyncio
import json
import zlib
from typing import Any

import httpx
import pytest

from dev.local.asgi import Receive, Scope, Send
from dev.local.capacity_limiter import CapacityLimiter

_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/T"
_CONDITION_FAILED = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}


class Emulator:
    """An ASGI app that gives DynamoDB's operations one answer, and records the requests."""

    def __init__(self, answer: dict[str, Any], status: int = 200, units: int | None = 1) -> None:
        self.answer, self.status, self.units = answer, status, units
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        operation = dict(scope["headers"]).get(b"x-amz-target", b"").decode().rpartition(".")[2]
        request = json.loads(message["body"] or b"null")
        if operation == "DescribeTable":
            throughput = {"WriteCapacityUnits": self.units} if self.units else {}
            content, status = {"Table": {"TableArn": _ARN, "ProvisionedThroughput": throughput}}, 200
        else:
            self.requests.append((operation, request))
            content, status = self.answer, self.status
        headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"x-amz-crc32", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(content).encode()})


class Table:
    """A limiter in front of an emulator, and a clock."""

    def __init__(self, emulator: Emulator, burst_seconds: float = 0) -> None:
        self.emulator = emulator
        self.now = 0.0
        self.limiter = CapacityLimiter(emulator, burst_seconds, lambda: self.now)

    def ask(self, operation: str, **request: Any) -> httpx.Response:
        async def post() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.limiter), base_url="http://aws") as client:
                headers = {"x-amz-target": f"DynamoDB_20120810.{operation}", "authorization": "key, scope"}
                return await client.post("/", json=request, headers=headers)

        return asyncio.run(post())

    def put(self, message: str = "", **request: Any) -> httpx.Response:
        return self.ask("PutItem", TableName="T", Item={"id": {"S": "1"}, "message": {"S": message}}, **request)


def consumed(units: int) -> dict[str, Any]:
    return {"ConsumedCapacity": {"TableName": "T", "CapacityUnits": units}}


def test_a_write_beyond_the_capacity_is_refused_with_dynamodbs_own_error() -> None:
    table = Table(Emulator(consumed(1)))
    assert table.put().status_code == 200
    refused = table.put()
    assert refused.status_code == 400
    error = refused.json()
    assert error["__type"].endswith("#ProvisionedThroughputExceededException")
    assert error["ThrottlingReasons"] == [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": _ARN}]
    assert len(table.emulator.requests) == 1
    table.now = 1
    assert table.put().status_code == 200


def test_a_write_is_charged_what_it_consumed() -> None:
    table = Table(Emulator(consumed(5)))
    table.put("x" * 1000)
    table.now = 4
    assert table.put().status_code == 400
    table.now = 4.1
    assert table.put().status_code == 200


def test_a_write_that_failed_is_not_charged() -> None:
    table = Table(Emulator({"__type": "ValidationException"}, 400))
    assert [table.put("x" * 5000).status_code for _ in range(3)] == [400] * 3
    assert len(table.emulator.requests) == 3


@pytest.mark.parametrize(
    ("new", "old", "units"), [("x" * 3000, "", 3), ("", "x" * 3000, 3), ("", "", 1)], ids=["new", "old", "none"]
)
def test_a_failed_condition_is_charged_by_the_larger_item(new: str, old: str, units: int) -> None:
    item = {"Item": {"id": {"S": "1"}, "message": {"S": old}}} if old else {}
    table = Table(Emulator({**_CONDITION_FAILED, **item}, 400))
    answer = table.put(new, ConditionExpression="attribute_not_exists(id)")
    assert answer.json() == _CONDITION_FAILED
    table.now = units - 1  # the capacity is one unit a second, and there was one at the start
    assert "ThrottlingReasons" in table.put().json()
    table.now += 0.1
    assert "ThrottlingReasons" not in table.put().json()


def test_the_answer_holds_only_what_was_requested() -> None:
    table = Table(Emulator({**consumed(1), "Attributes": {}}), burst_seconds=300)
    answer = table.put()
    assert answer.json() == {"Attributes": {}}
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.content))
    table.now = 10
    assert table.put(ReturnConsumedCapacity="TOTAL").json() == {**consumed(1), "Attributes": {}}


def test_tables_without_provisioned_capacity_and_reads_are_not_limited() -> None:
    on_demand = Table(Emulator(consumed(1), units=None))
    assert {on_demand.put().status_code for _ in range(5)} == {200}
    reads = Table(Emulator({"Item": {}}))
    assert {reads.ask("GetItem", TableName="T").json()["Item"] is None for _ in range(5)} == {False}


def test_a_change_of_capacity_is_noticed() -> None:
    table = Table(Emulator(consumed(1)))
    table.put()
    table.emulator.units = 10
    table.now = 2
    assert [table.put().status_code for _ in range(4)] == [200] * 1 + [400] * 3
    table.now = 3
    assert [table.put().status_code for _ in range(11)] == [200] * 10 + [400]


def test_many_items_at_once_are_charged_to_their_tables() -> None:
    table = Table(Emulator({"ConsumedCapacity": [{"TableName": "T", "CapacityUnits": 3}], "UnprocessedItems": {}}))
    assert table.ask("BatchWriteItem", RequestItems={"T": []}).json() == {"UnprocessedItems": {}}
    table.now = 2
    assert table.put().status_code == 400
    table.now = 2.1
    assert table.ask("TransactWriteItems", TransactItems=[{"Put": {"TableName": _ARN}}]).status_code == 200


def test_malformed_requests_are_refused_by_the_emulator() -> None:
    table = Table(Emulator({"__type": "ValidationException"}, 400))
    assert table.ask("PutItem").json() == {"__type": "ValidationException"}


def test_binary_attributes_are_charged_by_their_bytes() -> None:
    table = Table(Emulator({**_CONDITION_FAILED, "Item": {"id": {"S": "1"}, "b": {"B": "AAAA" * 500}}}, 400))
    item = {"id": {"S": "1"}, "b": {"L": [{"BS": ["AAAA" * 300]}, {"M": {"c": {"B": "AA=="}}}]}}
    assert table.ask("PutItem", TableName="T", Item=item, ConditionExpression="c").json() == _CONDITION_FAILED
    table.now = 1  # 1,503 bytes are two units
    assert "ThrottlingReasons" in table.put().json()
