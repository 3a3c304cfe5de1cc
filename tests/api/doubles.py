"""Doubles of the API's clients: an SQS and a DynamoDB that do as told, and remember."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.calls import Calls
from api.queue import QueueDepth, RecordQueue
from api.routes import Parts
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

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Answer:  # noqa: N803 - boto3's
        counts = {"queue-url": ("40", "10"), "dead-letter-queue-url": ("3", "0")}[QueueUrl]
        return {"Attributes": dict(zip(AttributeNames, counts, strict=True))}

    @property
    def bodies(self) -> list[str]:
        return [entry["MessageBody"] for entry in self.durable]


class DynamoDb:
    def __init__(self, items: dict[str, Any], write_capacity_units: int = 5) -> None:
        self.items = items
        self.write_capacity_units = write_capacity_units

    def get_item(self, *, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> Answer:  # noqa: N803 - boto3's
        assert (TableName, ConsistentRead) == ("table-name", True)
        item = self.items.get(Key["id"]["S"])
        return {} if item is None else {"Item": item}

    def describe_table(self, *, TableName: str) -> Answer:  # noqa: N803 - boto3's
        assert TableName == "table-name"
        return {"Table": {"ProvisionedThroughput": {"WriteCapacityUnits": self.write_capacity_units}}}


def queue_of(sqs: Sqs, seconds_max: float = 30) -> RecordQueue:
    return RecordQueue(cast("SQSClient", sqs), "queue-url", Calls(), seconds_max)


def app_of(sqs: Any = None, dynamodb: Any = None, seconds_max: float = 30) -> FastAPI:
    sqs = sqs or Sqs()
    calls = Calls()
    return create_app(
        Parts(
            queue=queue_of(sqs, seconds_max),
            queue_depth=QueueDepth(sqs, "queue-url", calls),
            dead_letter_queue_depth=QueueDepth(sqs, "dead-letter-queue-url", calls),
            table=RecordTable(cast("DynamoDBClient", dynamodb or DynamoDb({})), "table-name", KeySchema(), calls),
            versions=Versions(lambda: 1_700_000_000_000, lambda _: 1),
            key_schema=KeySchema(),
        )
    )


def request(app: FastAPI, method: str, path: str, **parts: Any) -> httpx.Response:
    """One request to the app, without a server. (Starlette's TestClient is moving on from httpx.)"""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
            return await client.request(method, path, **parts)

    return asyncio.run(ask())
