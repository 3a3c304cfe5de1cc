"""A buffer to operate: queues and a table on an emulator."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config

from consumer.dead_letters import DeadLetterSender
from consumer.delivery import Delivery
from ops.dead_letter_queue import DeadLetterQueue
from ops.stop import StopFlag
from ops.target import Target
from records.dead_letter import DeadLetterMessage
from records.errors import Violation
from records.version import version_of_bare_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SENT_MS = 1_700_000_000_000
"""When the producers sent the dead letters, unless a test gives another time."""
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
    """Queues and a table on the emulator. SQS moves a message to the dead-letter queue at its second receive."""

    emulator: Emulator
    target: Target
    stop: StopFlag

    @property
    def sqs(self) -> "SQSClient":
        return self.target.sqs

    def dead_letters(self, sqs: Any = None, monotonic: Callable[[], float] = time.monotonic) -> DeadLetterQueue:
        """The dead-letter queue as the commands use it; with another client where calls have to fail."""
        return DeadLetterQueue(sqs or self.sqs, self.target.record_dead_letter_queue_url, self.stop, monotonic)

    def dead_letter(self, body: str, reason: str = "json_malformed", version: str | None = None, at_ms: int = 0) -> str:
        """Sends a dead letter as the consumer does, at that time. Returns its version."""
        delivery = Delivery(secrets.token_hex(), "handle", body, version, SENT_MS, 1, SENT_MS)
        sender = DeadLetterSender(self.sqs, self.target.record_dead_letter_queue_url, lambda: at_ms)
        assert sender.send(delivery, reason, f"why it is {reason}")
        return delivery.stable_version()

    def refused_leniently(self, text: bytes, code: str = "json_malformed") -> str:
        """Sends a dead letter as the API does. Returns its version."""
        version = version_of_bare_message(secrets.token_hex(), SENT_MS)
        letter = DeadLetterMessage.of(text, version, Violation("", code, f"why it is {code}"), "request-7", 3)
        assert letter
        self.sqs.send_message(
            QueueUrl=self.target.record_dead_letter_queue_url,
            MessageBody=letter.body,
            MessageAttributes={n: {"DataType": "String", "StringValue": t} for n, t in letter.attributes.items()},
        )
        return version

    def received_too_often(self, body: str, **attributes: str) -> str:
        """Lets SQS move a message to the dead-letter queue. Returns the version that its deliveries had."""
        given: Any = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
        self.sqs.send_message(
            QueueUrl=self.target.record_queue_url, MessageBody=body, MessageAttributes=given, DelaySeconds=0
        )
        (delivered,) = self.records(seconds=0)
        assert self.records() == []
        sent_ms = int(delivered["Attributes"]["SentTimestamp"])
        return attributes.get("version") or version_of_bare_message(delivered["MessageId"], sent_ms)

    def records(self, seconds: int = 60) -> list["MessageTypeDef"]:
        """Receives up to ten messages of the record queue, which are then hidden for so long."""
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
        """The number of dead letters that can be received, and the number of those in flight."""
        depth = self.dead_letters().depth()
        return depth.waiting, depth.in_flight

    def message_ids(self) -> list[str]:
        """The ids of all dead letters, which are visible again afterwards."""
        messages: list[MessageTypeDef] = []
        url = self.target.record_dead_letter_queue_url
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            messages += received
        for message in messages:
            handle = message["ReceiptHandle"]
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return [message["MessageId"] for message in messages]

    def addresses(self) -> str:
        """The text of `.local/PORT.env`, as `make run` writes it."""
        variables = {
            "API_URL": "http://127.0.0.1:1",
            "RECORD_QUEUE_URL": self.target.record_queue_url,
            "RECORD_DEAD_LETTER_QUEUE_URL": self.target.record_dead_letter_queue_url,
            "RECORD_TABLE_NAME": self.target.record_table_name,
            "AWS_ENDPOINT_URL": self.emulator.url,
            **ACCESS,
        }
        return "".join(f"{name}={text}\n" for name, text in variables.items())


class Faulty:
    """A client with some of its calls replaced."""

    def __init__(self, client: "SQSClient", **calls: Callable[..., Any]) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._client, name)


def ignore_progress(_done: int, _of: int) -> None:
    """For tests that are not about progress."""


def faulty(client: "SQSClient", **calls: Callable[..., Any]) -> "SQSClient":
    return cast("SQSClient", Faulty(client, **calls))
