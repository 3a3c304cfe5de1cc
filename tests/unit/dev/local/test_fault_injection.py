"""Fault injection and counters, around an emulator that answers every request with 200."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from dev.local.asgi import Receive, Scope, Send
from dev.local.capacity_limiter import CapacityLimiter
from dev.local.control_api import COUNTERS_PATH, FAULTS_PATH, TOKEN_HEADER, with_control_api
from dev.local.counters import Counters
from dev.local.fault_injection import EmulatorFault, FaultInjector

_TABLE = {"TableName": "T"}
_QUEUE = {"QueueUrl": "http://127.0.0.1/000000000000/Q"}


async def emulator(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    request = json.loads(message["body"] or b"{}")
    operation = dict(scope["headers"]).get(b"x-amz-target", b"").decode().rpartition(".")[2]
    answers: dict[str, dict[str, Any]] = {
        "DescribeTable": {
            "Table": {"TableName": "T", "TableArn": "arn", "ProvisionedThroughput": {"WriteCapacityUnits": 10}}
        },
        "PutItem": {"ConsumedCapacity": {"TableName": "T", "CapacityUnits": 5}},
        "SendMessageBatch": {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": [{"Id": "2"}]},
    }
    content = {"request": request} | answers.get(operation, {})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


class Aws:
    def __init__(self) -> None:
        counters = Counters()
        limiter = CapacityLimiter(emulator, 0, lambda: 0.0, counters)
        faults = FaultInjector(limiter, counters)
        self.app = with_control_api(faults, "secret", faults, counters, limiter)

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://aws") as client:
                return await client.request(method, path, **given)

        return asyncio.run(ask())

    def ask(self, target: str, request: dict[str, Any]) -> httpx.Response:
        return self.call("POST", "/", json=request, headers={"x-amz-target": target})

    def put(self) -> httpx.Response:
        times = {name: {"S": name} for name in ("version", "accepted", "sqs", "ddb")}
        return self.ask("DynamoDB_20120810.PutItem", {**_TABLE, "Item": {"id": {"S": "1"}, "_forebay": {"M": times}}})

    def set_faults(self, *faults: str) -> httpx.Response:
        return self.call("PUT", FAULTS_PATH, json=faults, headers={TOKEN_HEADER: "secret"})

    def counters(self) -> dict[str, Any]:
        content: dict[str, Any] = self.call("GET", COUNTERS_PATH, headers={TOKEN_HEADER: "secret"}).json()
        return content


@pytest.mark.parametrize("headers", [{}, {TOKEN_HEADER: "wrong"}], ids=["none", "wrong"])
def test_the_control_api_needs_the_stacks_token(headers: dict[str, str]) -> None:
    aws = Aws()
    assert aws.call("GET", COUNTERS_PATH, headers=headers).status_code == 403
    assert aws.call("PUT", FAULTS_PATH, json=["throttle"], headers=headers).status_code == 403
    assert aws.call("OPTIONS", FAULTS_PATH, headers=headers).status_code == 403
    assert aws.counters()["faults"] == []


def test_an_unknown_fault_is_refused() -> None:
    aws = Aws()
    assert aws.set_faults("earthquake").status_code == 400
    assert aws.call("DELETE", FAULTS_PATH, headers={TOKEN_HEADER: "secret"}).status_code == 405


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (EmulatorFault.THROTTLE, 400, "ProvisionedThroughputExceededException"),
        (EmulatorFault.DYNAMODB_5XX, 500, "InternalServerError"),
        (EmulatorFault.PERMISSION, 400, "AccessDeniedException"),
    ],
)
def test_a_fault_of_the_table_is_active_until_it_is_removed(fault: EmulatorFault, status: int, error: str) -> None:
    aws = Aws()
    assert aws.set_faults(fault).json()["faults"] == [fault]
    failed = aws.put()
    assert (failed.status_code, failed.json()["__type"].rpartition("#")[2]) == (status, error)
    assert aws.ask("DynamoDB_20120810.DescribeTable", _TABLE).status_code == 200
    assert aws.ask("AmazonSQS.SendMessageBatch", _QUEUE).status_code == 200
    assert aws.set_faults().json()["faults"] == []
    assert aws.put().status_code == 200


def test_sqs_down_fails_all_work_on_messages_and_not_the_calls_that_observe() -> None:
    aws = Aws()
    aws.set_faults(EmulatorFault.SQS_DOWN)
    assert aws.ask("AmazonSQS.SendMessageBatch", _QUEUE).status_code == 503
    assert aws.ask("AmazonSQS.ReceiveMessage", _QUEUE).status_code == 503
    assert aws.ask("AmazonSQS.GetQueueAttributes", _QUEUE).status_code == 200
    assert aws.put().status_code == 200
    assert aws.counters()["sent"] == {}


def test_sends_puts_and_throttles_are_counted() -> None:
    aws = Aws()
    aws.ask("AmazonSQS.SendMessageBatch", _QUEUE)
    aws.ask("AmazonSQS.SendMessage", _QUEUE)
    for _ in range(3):
        aws.put()
    counted = aws.counters()
    assert counted["sent"] == {"Q": 3}
    put = {"id": "1", "units": 5, "version": "version", "accepted": "accepted", "sqs": "sqs", "ddb": "ddb"}
    assert counted["tables"]["T"] == {"units": 10, "puts": 2, "superseded": 0, "throttles": 1, "last_puts": [put, put]}
    aws.set_faults(EmulatorFault.THROTTLE)
    aws.put()
    assert aws.counters()["tables"]["T"]["throttles"] == 2


def test_sent_batches_are_metered_by_queue_and_by_64_kb() -> None:
    aws = Aws()
    large = {**_QUEUE, "Entries": [{"Id": "0", "MessageBody": "x" * 70_000}]}
    aws.ask("AmazonSQS.SendMessageBatch", large)
    aws.ask("AmazonSQS.SendMessageBatch", {**_QUEUE, "Entries": []})
    aws.ask("AmazonSQS.ChangeMessageVisibilityBatch", _QUEUE)
    counters = aws.counters()
    assert counters["batch_requests"] == {"Q": 3}


def test_a_table_saves_up_from_when_it_is_described_and_whoever_asks_sees_the_same() -> None:
    now = [0.0]
    limiter = CapacityLimiter(emulator, 20, lambda: now[0])

    async def ask(operation: str, key: str) -> None:
        headers = {
            "x-amz-target": f"DynamoDB_20120810.{operation}",
            "authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261129/us-east-1/dynamodb/aws4_request, Signature=0",
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(limiter), base_url="http://aws") as client:
            await client.post("/", json={**_TABLE, "Item": {"id": {"S": "1"}}}, headers=headers)

    asyncio.run(ask("DescribeTable", "test"))
    assert limiter.saved_up() == {"T": (10, 200)}
    now[0] = 100.0
    assert limiter.saved_up() == {"T": (200, 200)}
    asyncio.run(ask("PutItem", "000000000000"))  # a function's key: the account
    assert limiter.saved_up() == {"T": (195, 200)}
