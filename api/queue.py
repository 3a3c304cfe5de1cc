"""The queue's edge: messages into SQS, each confirmed or said not to be."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from api.batches import batches
from records.message import VERSION_ATTRIBUTE, Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

log = logging.getLogger(__name__)

SEND_SECONDS_MAX = 8.0
"""How long one request's messages are tried for. A client waits no longer than this and one call's timeout."""
_BACKOFF_SECONDS_MIN = 0.05
_BACKOFF_SECONDS_MAX = 1.0


class RecordQueue:
    """Sends messages, and owns every retry: the client passed in makes one attempt a call.

    A call that fails in any way may still have been carried out. Sending again is right all the same, because the
    consumer puts a version once, however often it is delivered.
    """

    def __init__(
        self, client: "SQSClient", url: str, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._url = url
        self._monotonic = monotonic
        self._sleep = sleep

    def send(self, messages: Sequence[Message]) -> list[Message]:
        """Sends every message; returns those that SQS has not confirmed when the time is up. Blocks."""
        deadline = self._monotonic() + SEND_SECONDS_MAX
        backoff = _BACKOFF_SECONDS_MIN
        unconfirmed = self._send_once(messages, deadline)
        while unconfirmed and self._monotonic() + backoff < deadline:
            self._sleep(backoff)
            backoff = min(2 * backoff, _BACKOFF_SECONDS_MAX)
            unconfirmed = self._send_once(unconfirmed, deadline)
        return unconfirmed

    def _send_once(self, messages: Iterable[Message], deadline: float) -> list[Message]:
        unconfirmed: list[Message] = []
        for batch in batches(messages):
            if self._monotonic() < deadline:
                unconfirmed += self._send_batch(batch)
            else:
                unconfirmed += batch
        return unconfirmed

    def _send_batch(self, batch: list[Message]) -> list[Message]:
        entries = [_entry(str(index), message) for index, message in enumerate(batch)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            log.warning("send_failed", extra={"error": type(error).__name__, "messages": len(batch)})
            return batch
        for failed in answer.get("Failed", ()):
            log.warning("entry_refused", extra={"error": failed["Code"], "sender_fault": failed["SenderFault"]})
        # Reconciled against what was sent: an entry in neither half is not durable either.
        confirmed = {entry["Id"] for entry in answer.get("Successful", ())}
        return [message for index, message in enumerate(batch) if str(index) not in confirmed]


def _entry(entry_id: str, message: Message) -> "SendMessageBatchRequestEntryTypeDef":
    return {
        "Id": entry_id,
        "MessageBody": message.body,
        "MessageAttributes": {VERSION_ATTRIBUTE: {"DataType": "String", "StringValue": message.version}},
    }
