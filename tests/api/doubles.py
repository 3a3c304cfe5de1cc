"""Doubles of the API's clients: an SQS and a DynamoDB that do as told, and remember."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.queue import RecordQueue
from api.table import RecordTable
from records.key import KeySchema
from records.version import Versions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

Batch = list[dict[str, Any]]
Answer = dict[str, Any]


def confirm(batch: Batch) -> Answer:
    return {"Successful": [{"Id": entry["Id"]} for entry in batch]}


class Sqs:
    """Answers each SendMessageBatch by the next of `answers`, and confirms everything once they are used up."""

    def __init__(self, *answers: Callable[[Batch], Answer]) -> None:
        self._answers = list(answers)
        self.batches: list[Batch] = []
        self.durable: list[dict[str, Any]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Batch) -> Answer:  # noqa: N803 - boto3's names
        assert QueueUrl == "queue-url"
        self.batches.append(Entries)
        answer = self._answers.pop(0)(Entries) if self._answers else confirm(Entries)
        confirmed = {entry["Id"] for entry in answer.get("Successful", [])}
        self.durable += [entry for entry in Entries if entry["Id"] in confirmed]
        return answer

    @property
    def bodies(self) -> list[str]:
        return [entry["MessageBody"] for entry in self.durable]


class DynamoDb:
    def __init__(self, items: dict[str, Any]) -> None:
        self.items = items

    def get_item(self, *, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> Answer:  # noqa: N803 - boto3's
        assert (TableName, ConsistentRead) == ("table-name", True)
        item = self.items.get(Key["id"]["S"])
        return {} if item is None else {"Item": item}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def queue_of(sqs: Sqs, clock: Clock | None = None) -> RecordQueue:
    clock = clock or Clock()
    return RecordQueue(cast("SQSClient", sqs), "queue-url", clock.monotonic, clock.sleep)


def app_of(sqs: Sqs | None = None, dynamodb: Any = None) -> FastAPI:
    table = cast("DynamoDBClient", dynamodb or DynamoDb({}))
    return create_app(
        queue=queue_of(sqs or Sqs()),
        table=RecordTable(table, "table-name", KeySchema()),
        versions=Versions(lambda: 1_700_000_000_000, lambda _: 1),
        key_schema=KeySchema(),
    )


def request(app: FastAPI, method: str, path: str, **parts: Any) -> httpx.Response:
    """One request to the app, without a server. (Starlette's TestClient is moving on from httpx.)"""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
            return await client.request(method, path, **parts)

    return asyncio.run(ask())
