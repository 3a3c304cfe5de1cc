"""Faults on request, and what is counted, around an emulator that says yes to all."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from dev.local.capacity_limiter import CapacityLimiter, Receive, Scope, Send
from dev.local.control_api import FAULTS_PATH, METERS_PATH, TOKEN_HEADER, with_control
from dev.local.counters import Meters
from dev.local.fault_injection import Fault, Faults

_TABLE = {"TableName": "T"}
_QUEUE = {"QueueUrl": "http://127.0.0.1/000000000000/Q"}


async def emulator(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    request = json.loads(message["body"] or b"{}")
    operation = dict(scope["headers"]).get(b"x-amz-target", b"").decode().rpartition(".")[2]
    answers: dict[str, dict[str, Any]] = {
        "DescribeTable": {"Table": {"TableArn": "arn", "ProvisionedThroughput": {"WriteCapacityUnits": 10}}},
        "PutItem": {"ConsumedCapacity": {"TableName": "T", "CapacityUnits": 5}},
        "SendMessageBatch": {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": [{"Id": "2"}]},
    }
    told = {"asked": request} | answers.get(operation, {})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


class Aws:
    def __init__(self) -> None:
        meters = Meters()
        faults = Faults(CapacityLimiter(emulator, 0, lambda: 0.0, meters), meters)
        self.app = with_control(faults, "secret", faults, meters)

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

    def make(self, *faults: str) -> httpx.Response:
        return self.call("PUT", FAULTS_PATH, json=faults, headers={TOKEN_HEADER: "secret"})

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", METERS_PATH, headers={TOKEN_HEADER: "secret"}).json()
        return told


@pytest.mark.parametrize("headers", [{}, {TOKEN_HEADER: "wrong"}], ids=["none", "wrong"])
def test_the_control_path_wants_the_stacks_token(headers: dict[str, str]) -> None:
    aws = Aws()
    assert aws.call("GET", METERS_PATH, headers=headers).status_code == 403
    assert aws.call("PUT", FAULTS_PATH, json=["throttle"], headers=headers).status_code == 403
    assert aws.call("OPTIONS", FAULTS_PATH, headers=headers).status_code == 403
    assert aws.told()["faults"] == []


def test_an_unknown_fault_is_refused() -> None:
    aws = Aws()
    assert aws.make("earthquake").status_code == 400
    assert aws.call("DELETE", FAULTS_PATH, headers={TOKEN_HEADER: "secret"}).status_code == 405


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (Fault.THROTTLE, 400, "ProvisionedThroughputExceededException"),
        (Fault.DYNAMODB_5XX, 500, "InternalServerError"),
        (Fault.PERMISSION, 400, "AccessDeniedException"),
    ],
)
def test_a_fault_of_the_table_holds_until_it_is_ended(fault: Fault, status: int, error: str) -> None:
    aws = Aws()
    assert aws.make(fault).json()["faults"] == [fault]
    failed = aws.put()
    assert (failed.status_code, failed.json()["__type"].rpartition("#")[2]) == (status, error)
    assert aws.ask("DynamoDB_20120810.DescribeTable", _TABLE).status_code == 200
    assert aws.ask("AmazonSQS.SendMessageBatch", _QUEUE).status_code == 200
    assert aws.make().json()["faults"] == []
    assert aws.put().status_code == 200


def test_sqs_down_fails_what_works_on_messages_and_lets_look() -> None:
    aws = Aws()
    aws.make(Fault.SQS_DOWN)
    assert aws.ask("AmazonSQS.SendMessageBatch", _QUEUE).status_code == 503
    assert aws.ask("AmazonSQS.ReceiveMessage", _QUEUE).status_code == 503
    assert aws.ask("AmazonSQS.GetQueueAttributes", _QUEUE).status_code == 200
    assert aws.put().status_code == 200
    assert aws.told()["sent"] == {}


def test_what_is_sent_put_and_throttled_is_counted() -> None:
    aws = Aws()
    aws.ask("AmazonSQS.SendMessageBatch", _QUEUE)
    aws.ask("AmazonSQS.SendMessage", _QUEUE)
    for _ in range(3):
        aws.put()
    told = aws.told()
    assert told["sent"] == {"Q": 3}
    put = {"id": "1", "units": 5, "version": "version", "accepted": "accepted", "sqs": "sqs", "ddb": "ddb"}
    assert told["tables"]["T"] == {"units": 10, "puts": 2, "superseded": 0, "throttles": 1, "last": [put, put]}
    aws.make(Fault.THROTTLE)
    aws.put()
    assert aws.told()["tables"]["T"]["throttles"] == 2
