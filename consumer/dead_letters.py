"""Sends messages that can never be put to the dead-letter queue, each with its reason."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from consumer.delivery import Delivery
from records.dead_letter import DEAD_LETTERED, DETAIL, REASON, SENT, fitting
from records.message import VERSION_ATTRIBUTE
from records.times import rfc3339

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class DeadLetterSender:
    """Sends a message with its body unchanged and the attributes of `records.dead_letter`."""

    def __init__(self, client: "SQSClient", url: str, now_ms: Callable[[], int]) -> None:
        self._client = client
        self._url = url
        self._now_ms = now_ms

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool:
        """Whether SQS has confirmed the message. If not, it has to return to the record queue."""
        wanted = {
            VERSION_ATTRIBUTE: delivery.stable_version(),
            SENT: rfc3339(delivery.sent_ms),
            DEAD_LETTERED: rfc3339(self._now_ms()),
            DETAIL: detail or reason,
        }
        attributes = fitting(delivery.body, {REASON: reason}, wanted)
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=delivery.body,
                MessageAttributes={n: {"DataType": "String", "StringValue": text} for n, text in attributes.items()},
            )
        except (BotoCoreError, ClientError) as error:
            error_name = type(error).__name__
            log.error(
                "dead_letter_failed",
                extra={"message_id": delivery.message_id, "reason": reason, "error": error_name},
            )
            return False
        log.warning("dead_lettered", extra={"message_id": delivery.message_id, "reason": reason})
        return True
