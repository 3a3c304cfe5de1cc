"""The queue's edge: messages into SQS, each confirmed or said not to be; and how deep a queue is."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from api.batches import batches
from api.calls import READ_SECONDS_MAX, Calls, cause
from api.problems import QueueUnavailable
from records.message import VERSION_ATTRIBUTE, Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

log = logging.getLogger(__name__)

SEND_SECONDS_MAX = 10.0
"""How long one request's messages are tried for; then the client gets its answer, whatever SQS does."""
_BATCHES_IN_FLIGHT_MAX = 4
"""Of one request: fewer than there are calls at once, so that a large request leaves room for others."""
_BACKOFF_SECONDS_MIN = 0.05
_BACKOFF_SECONDS_MAX = 1.0
"""Pauses between two attempts."""

_WAITING: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
_IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages of a queue, as SQS approximates them."""

    waiting: int
    in_flight: int


class RecordQueue:
    """Sends messages, and owns every retry: the client passed in makes one attempt a call.

    A call that fails in any way may still have been carried out. Sending again is right all the same, because the
    consumer puts a version once, however often it is delivered.
    """

    def __init__(self, client: "SQSClient", url: str, calls: Calls, seconds_max: float = SEND_SECONDS_MAX) -> None:
        self._client = client
        self._url = url
        self._calls = calls
        self._seconds_max = seconds_max

    async def send(self, messages: Sequence[Message]) -> list[Message]:
        """Sends every message; returns those that SQS has not confirmed when the time is up."""
        unconfirmed = {message.version: message for message in messages}
        backoff = _BACKOFF_SECONDS_MIN
        try:
            async with asyncio.timeout(self._seconds_max):
                while unconfirmed:
                    await self._send_once(unconfirmed)
                    if unconfirmed:
                        await asyncio.sleep(backoff)
                        backoff = min(2 * backoff, _BACKOFF_SECONDS_MAX)
        except TimeoutError:
            log.warning("send_timed_out", extra={"messages": len(messages), "unconfirmed": len(unconfirmed)})
        return list(unconfirmed.values())

    async def _send_once(self, unconfirmed: dict[str, Message]) -> None:
        """Sends everything once, several batches at a time, and takes out what SQS confirms as soon as it does."""
        waiting = batches(tuple(unconfirmed.values()))

        async def send_batches() -> None:
            for batch in waiting:
                for message in await self._send_batch(batch):
                    del unconfirmed[message.version]

        await asyncio.gather(*(send_batches() for _ in range(_BATCHES_IN_FLIGHT_MAX)))

    async def _send_batch(self, batch: list[Message]) -> list[Message]:
        """The messages that SQS has confirmed."""
        entries = [_entry(str(index), message) for index, message in enumerate(batch)]
        try:
            answer = await self._calls(partial(self._client.send_message_batch, QueueUrl=self._url, Entries=entries))
        except (BotoCoreError, ClientError) as error:
            log.warning("send_failed", extra={"cause": cause(error), "messages": len(batch)})
            return []
        for failed in answer.get("Failed", ()):
            log.warning("entry_refused", extra={"cause": failed["Code"], "sender_fault": failed["SenderFault"]})
        # Reconciled against what was sent: an entry in neither half is not durable either.
        confirmed = {entry["Id"] for entry in answer.get("Successful", ())}
        return [message for index, message in enumerate(batch) if str(index) in confirmed]


class QueueDepth:
    """How many messages a queue holds."""

    def __init__(self, client: "SQSClient", url: str, calls: Calls) -> None:
        self._client = client
        self._url = url
        self._calls = calls

    async def read(self) -> Depth:
        """Raises `QueueUnavailable`."""
        read = partial(self._client.get_queue_attributes, QueueUrl=self._url, AttributeNames=[_WAITING, _IN_FLIGHT])
        try:
            async with asyncio.timeout(READ_SECONDS_MAX):
                attributes = (await self._calls(read))["Attributes"]
        except (BotoCoreError, ClientError, TimeoutError) as error:
            log.warning("queue_depth_failed", extra={"cause": cause(error)})
            raise QueueUnavailable("SQS did not say how many messages it holds") from error
        return Depth(waiting=int(attributes[_WAITING]), in_flight=int(attributes[_IN_FLIGHT]))


def _entry(entry_id: str, message: Message) -> "SendMessageBatchRequestEntryTypeDef":
    return {
        "Id": entry_id,
        "MessageBody": message.body,
        "MessageAttributes": {VERSION_ATTRIBUTE: {"DataType": "String", "StringValue": message.version}},
    }
