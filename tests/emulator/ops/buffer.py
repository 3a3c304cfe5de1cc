"""A buffer to operate: queues and a table on an emulator."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config

from consumer.dead_letters import DeadLetterSender
from consumer.delivery import Delivery
from ops.dead_letters import DeadLetterQueue
from ops.stop import Stop
from ops.target import Target
from records.version import version_of_bare_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

"""When the dead letters' producers sent them, unless a test says otherwise."""

SENT_MS = 1_700_000_000_000


ACCESS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass(frozen=True)
class Emulator:
    port: int
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        if service not in self.clients:
            make: Callable[..., Any] = boto3.client
            self.clients[service] = make(
                service,
                endpoint_url=self.url,
                aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
                region_name=ACCESS["AWS_DEFAULT_REGION"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[service]


@dataclass(frozen=True)
class Buffer:
    """Queues and a table on the emulator. What SQS gives up there is moved at its second receive."""

    emulator: Emulator
    target: Target
    stop: Stop

    @property
    def sqs(self) -> "SQSClient":
        return self.target.sqs

    def dead_letters(self, sqs: Any = None) -> DeadLetterQueue:
        """The queue as the commands work with it; through another client where calls are to fail."""
        return DeadLetterQueue(sqs or self.sqs, self.target.record_dead_letter_queue_url, self.stop)

    def dead_letter(self, body: str, reason: str = "json_malformed", version: str | None = None, at_ms: int = 0) -> str:
        """As the consumer sends it, at that time. Returns the version that it has."""
        delivery = Delivery(secrets.token_hex(), "handle", body, version, SENT_MS, 1)
        letters = DeadLetterSender(self.sqs, self.target.record_dead_letter_queue_url, lambda: at_ms)
        assert letters.send(delivery, reason, f"why it is {reason}")
        return delivery.stable_version()

    def given_up(self, body: str, **attributes: str) -> str:
        """A message that SQS moves to the dead letters by itself. Returns the version that its deliveries had."""
        told: Any = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
        self.sqs.send_message(
            QueueUrl=self.target.record_queue_url, MessageBody=body, MessageAttributes=told, DelaySeconds=0
        )
        (delivered,) = self.records(seconds=0)
        assert self.records() == []
        sent_ms = int(delivered["Attributes"]["SentTimestamp"])
        return attributes.get("version") or version_of_bare_message(delivered["MessageId"], sent_ms)

    def records(self, seconds: int = 60) -> list["MessageTypeDef"]:
        """Up to ten messages of the queue of records, hidden for so long."""
        return self.sqs.receive_message(
            QueueUrl=self.target.record_queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])

    def record_versions(self) -> list[str]:
        return sorted(message["MessageAttributes"]["version"]["StringValue"] for message in self.records())

    def letters(self) -> tuple[int, int]:
        """Dead letters that can be received, and those that somebody holds."""
        depth = self.dead_letters().depth()
        return depth.waiting, depth.in_flight

    def message_ids(self) -> list[str]:
        """Of all dead letters, without hiding any."""
        messages: list[MessageTypeDef] = []
        url = self.target.record_dead_letter_queue_url
        while some := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            messages += some
        for message in messages:
            handle = message["ReceiptHandle"]
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return [message["MessageId"] for message in messages]

    def addresses(self) -> str:
        """As `make run` leaves them in `.local/PORT.env`."""
        told = {
            "API_URL": "http://127.0.0.1:1",
            "RECORD_QUEUE_URL": self.target.record_queue_url,
            "RECORD_DEAD_LETTER_QUEUE_URL": self.target.record_dead_letter_queue_url,
            "RECORD_TABLE_NAME": self.target.record_table_name,
            "AWS_ENDPOINT_URL": self.emulator.url,
            **ACCESS,
        }
        return "".join(f"{name}={text}\n" for name, text in told.items())


class Faulty:
    """A client, some of whose calls are replaced."""

    def __init__(self, client: "SQSClient", **calls: Callable[..., Any]) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._client, name)


def told_nothing(_done: int, _of: int) -> None:
    """For work whose progress is not what a test is about."""


def faulty(client: "SQSClient", **calls: Callable[..., Any]) -> "SQSClient":
    return cast("SQSClient", Faulty(client, **calls))
