"""Doubles of the API's clients: an SQS and a DynamoDB that do as told, and remember."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.composition import ApiComponents
from api.host import REAL
from api.ingest.backlog_limit import BacklogLimit
from api.ingest.endpoint import AcceptRecords, IngestDependencies
from api.ingest.lane import Lane
from api.memory_budget import MemoryBudget
from api.outbound.credentials import CredentialSource, credential_source
from api.outbound.group_commit import QueueSender
from api.outbound.http import ConnectionPool
from api.outbound.sqs import BatchSender
from api.reads.backlog import WriteUnits
from api.reads.calls import Calls
from api.reads.depth import QueueDepthReader
from api.reads.table import TableReader
from records.key import KeySchema
from records.version import Versions

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
        self.letters: list[dict[str, Any]] = []
        """The entries in the dead-letter queue, while `takes_letters`."""
        self.takes_letters = True

    def _take_letters(self, entries: Batch) -> Answer:
        if not self.takes_letters:
            return {}
        self.letters += entries
        return confirm(entries)

    async def send_message_batch(self, queue_url: str, entries: Batch) -> Answer:
        if queue_url == "dead-letter-queue-url":
            return self._take_letters(entries)
        assert queue_url == "queue-url"
        self.batches.append(entries)
        # In a thread, so that an answer may make its caller wait.
        answer = await asyncio.to_thread(self._answers.pop(0), entries) if self._answers else confirm(entries)
        confirmed = {entry["Id"] for entry in answer.get("Successful", [])}
        self.durable += [entry for entry in entries if entry["Id"] in confirmed]
        return answer

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Answer:  # noqa: N803 - boto3's
        visible, delayed, in_flight = {"queue-url": (25, 15, 10), "dead-letter-queue-url": (3, 0, 0)}[QueueUrl]
        counts = {
            "ApproximateNumberOfMessages": f"{visible}",
            "ApproximateNumberOfMessagesDelayed": f"{delayed}",
            "ApproximateNumberOfMessagesNotVisible": f"{in_flight}",
        }
        return {"Attributes": {name: counts[name] for name in AttributeNames}}

    @property
    def bodies(self) -> list[str]:
        return [entry["MessageBody"] for entry in self.durable]


class DynamoDb:
    def __init__(self, items: dict[str, Any], write_capacity_units: int = 5) -> None:
        self.items = items
        self.write_capacity_units = write_capacity_units
        self.described: dict[str, Any] = {}
        """What DescribeTable says besides."""

    def get_item(self, *, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> Answer:  # noqa: N803 - boto3's
        assert (TableName, ConsistentRead) == ("table-name", True)
        item = self.items.get(Key["id"]["S"])
        return {} if item is None else {"Item": item}

    def describe_table(self, *, TableName: str) -> Answer:  # noqa: N803 - boto3's
        assert TableName == "table-name"
        return {"Table": {"ProvisionedThroughput": {"WriteCapacityUnits": self.write_capacity_units}, **self.described}}


def budget(size: int = 64 * 1024 * 1024) -> MemoryBudget:
    return MemoryBudget(size, REAL.monotonic_ns)


def queue_of(sqs: Any, seconds_max: float = 30, url: str = "queue-url") -> QueueSender:
    return QueueSender(sqs, url, budget(), seconds_max)


async def _unknown() -> None:
    """The time that the backlog takes."""


NO_LIMIT = BacklogLimit(0, _unknown, time.time, may_freeze=False)


def components_of(
    sqs: Any = None,
    dynamodb: Any = None,
    seconds_max: float = 30,
    key: str = "id:S",
    table_name: str = "table-name",
    *,
    count: Callable[[str, float], None] = lambda *_: None,
    backlog_limit: BacklogLimit = NO_LIMIT,
    bodies: MemoryBudget | None = None,
) -> ApiComponents:
    sqs = sqs or Sqs()
    depths: Any = Calls(lambda: sqs, REAL.threads(1, "sqs"))
    reads: Any = Calls(lambda: dynamodb or DynamoDb({}), REAL.threads(8, "dynamodb"))
    key_schema = KeySchema.read(key)
    write_units = WriteUnits()
    ingest = IngestDependencies(
        queue=queue_of(sqs, seconds_max),
        dead_letter_queue=queue_of(sqs, seconds_max, "dead-letter-queue-url"),
        small=Lane(REAL.threads(1, "parse-small"), REAL.monotonic),
        large=Lane(REAL.threads(1, "parse-large"), REAL.monotonic),
        bodies=bodies or budget(),
        versions=Versions(lambda: 1_700_000_000_000, lambda _: 1),
        key_schema=key_schema,
        write_units=write_units,
        backlog_limit=backlog_limit,
        count=count,
    )
    return ApiComponents(
        accept_records=AcceptRecords(ingest),
        write_units=write_units,
        queue_depth=QueueDepthReader("queue-url", depths),
        dead_letter_queue_depth=QueueDepthReader("dead-letter-queue-url", depths),
        table=TableReader(table_name, key_schema, reads),
    )


def app_of(*arguments: Any, **named: Any) -> FastAPI:
    """The app, with components as `components_of` makes them."""
    return create_app(components_of(*arguments, **named))


def credentials_of(environment: Mapping[str, str]) -> CredentialSource:
    return credential_source(environment, time.time, REAL.threads)


def sqs_at(url: str, response_seconds_max: float) -> BatchSender:
    """The API's own sender, over HTTP."""
    return BatchSender(
        ConnectionPool(url, time.time, response_seconds_max=response_seconds_max),
        "us-east-1",
        credentials_of({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}),
    )


async def ask(app: FastAPI, method: str, path: str, **parts: Any) -> httpx.Response:
    """One request to the app, without a server. (Starlette's TestClient is moving on from httpx.)"""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        return await client.request(method, path, **parts)


def request(app: FastAPI, method: str, path: str, **parts: Any) -> httpx.Response:
    return asyncio.run(ask(app, method, path, **parts))
