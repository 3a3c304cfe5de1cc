"""The original pattern side by side with Forebay: its own queue, and a table with the same capacity, in real time.

The policy is that of the AWS sample: two workers, batches of ten, one PutItem after the other without retries; at the
first error the rest of the batch stays invisible for 20 s, and after 20 receives SQS moves a message to the dead-letter
queue. The items have Forebay's reserved attribute too, so that both write the same units.
"""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from dev.console.time_series import OriginalPatternSnapshot
from ops.depth import depth_of
from ops.draining import SQS_METER_BYTES
from ops.live_cost import Meters
from records.item import Provenance, to_item
from records.limits import SEND_BATCH_ENTRIES_MAX
from records.message import VERSION_ATTRIBUTE

if TYPE_CHECKING:
    from ops.target import Target

_NAME = "original-pattern"
_WORKERS = 2
_BATCH = 10
_VISIBILITY_SECONDS = 20
_RECEIVES_MAX = 20
_WAIT_SECONDS = 1
_PAUSE_SECONDS = 1.0


class OriginalPattern:
    """Creates its queues and table, and starts its workers. Every method blocks, and raises botocore's errors."""

    def __init__(self, target: "Target") -> None:
        self._sqs = target.sqs
        self._dynamodb = target.dynamodb
        self.table = f"{_NAME}-table"
        self._dead_letter_url = self._sqs.create_queue(QueueName=f"{_NAME}-dead-letters")["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self._dead_letter_url, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": answer["Attributes"]["QueueArn"], "maxReceiveCount": _RECEIVES_MAX}
        self._url = self._sqs.create_queue(
            QueueName=f"{_NAME}-queue",
            Attributes={"VisibilityTimeout": str(_VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]
        self._units = self._create_table(like=target.record_table_name)
        self._stop = threading.Event()
        self._used = Meters()
        self._metering = threading.Lock()
        for number in range(_WORKERS):
            threading.Thread(target=self._work, name=f"{_NAME}-{number}", daemon=True).start()

    def send(self, records: Sequence[str], versions: Sequence[str]) -> None:
        """The same records that the API accepted, under the same versions."""
        pairs = list(zip(records, versions, strict=True))
        for at in range(0, len(pairs), SEND_BATCH_ENTRIES_MAX):
            entries: Any = [
                {
                    "Id": str(n),
                    "MessageBody": body,
                    "MessageAttributes": {VERSION_ATTRIBUTE: {"DataType": "String", "StringValue": version}},
                }
                for n, (body, version) in enumerate(pairs[at : at + SEND_BATCH_ENTRIES_MAX])
            ]
            self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            size = sum(len(body) for body in records[at : at + SEND_BATCH_ENTRIES_MAX])
            self._meter(records=len(entries), send_requests=-(-size // SQS_METER_BYTES))

    def snapshot(self) -> OriginalPatternSnapshot:
        items = self._dynamodb.describe_table(TableName=self.table)["Table"]["ItemCount"]
        backlog, dead_lettered = depth_of(self._sqs, self._url), depth_of(self._sqs, self._dead_letter_url)
        return OriginalPatternSnapshot(backlog.total, dead_lettered.total, items, self._used)

    def provision(self, units: int) -> None:
        """Changes the table's write capacity, to that of Forebay's table."""
        if units != self._units:
            throughput: Any = {"ReadCapacityUnits": 5, "WriteCapacityUnits": units}
            self._dynamodb.update_table(TableName=self.table, ProvisionedThroughput=throughput)
            self._units = units

    def stop(self) -> None:
        self._stop.set()

    def _create_table(self, *, like: str) -> int:
        units = self._dynamodb.describe_table(TableName=like)["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"]
        with suppress(self._dynamodb.exceptions.ResourceInUseException):  # an earlier attempt failed after this
            self._dynamodb.create_table(
                TableName=self.table,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": units},
            )
        return units

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._drain_one_batch()
            except (BotoCoreError, ClientError):
                self._stop.wait(_PAUSE_SECONDS)  # as Lambda's own poller would

    def _drain_one_batch(self) -> None:
        messages = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        if not messages:
            return
        done: list[Any] = []
        began = time.monotonic()
        with suppress(Exception):  # whatever it is, the rest of the batch returns to the queue
            for message in messages:
                self._put(message)
                done.append({"Id": str(len(done)), "ReceiptHandle": message["ReceiptHandle"]})
        if done:
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=done)
        milliseconds = (time.monotonic() - began) * 1000
        self._meter(invocations=1, milliseconds=milliseconds, drain_requests=1 + bool(done), stored=len(done))

    def _meter(self, **used: float) -> None:
        """Adds to the meters: each batch is an invocation, and its receive a request."""
        with self._metering:
            self._used = replace(self._used, **{name: getattr(self._used, name) + n for name, n in used.items()})

    def _put(self, message: Any) -> None:  # noqa: ANN401 - boto3's own
        version = message["MessageAttributes"][VERSION_ATTRIBUTE]["StringValue"]
        sent_ms = int(message["Attributes"]["SentTimestamp"])
        provenance = Provenance.of(version, sent_ms, time.time_ns() // 1_000_000)
        self._dynamodb.put_item(
            TableName=self.table,
            Item=to_item(json.loads(message["Body"], parse_float=Decimal), provenance),
        )
