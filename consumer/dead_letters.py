"""Sends messages that can never be put to the dead-letter queue, each with its reason."""

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from consumer.delivery import Delivery
from records.limits import MESSAGE_BYTES_MAX
from records.message import VERSION_ATTRIBUTE
from records.times import rfc3339

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

_DETAIL_LENGTH_MAX = 1024
# The characters that SQS allows: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DeadLetterSender:
    """Sends a message with its body unchanged and these attributes: `reason` (a code of `records.errors`, or
    `put_refused`), `detail`, `version`, and the times `sent` and `dead_lettered` (RFC 3339 UTC).
    """

    def __init__(self, client: "SQSClient", url: str, now_ms: Callable[[], int]) -> None:
        self._client = client
        self._url = url
        self._now_ms = now_ms

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool:
        """Whether SQS has confirmed the message. If not, it has to return to the record queue."""
        attributes = {
            "reason": reason,
            VERSION_ATTRIBUTE: delivery.stable_version(),
            "sent": rfc3339(delivery.sent_ms),
            "dead_lettered": rfc3339(self._now_ms()),
            "detail": _NOT_ALLOWED.sub("\ufffd", detail)[:_DETAIL_LENGTH_MAX] or reason,
        }
        # Beside a body near the size limit, not all attributes fit. The last ones are left out first; the reason stays.
        while len(attributes) > 1 and _message_bytes(delivery.body, attributes) > MESSAGE_BYTES_MAX:
            attributes.popitem()
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


def _message_bytes(body: str, attributes: dict[str, str]) -> int:
    return len(body.encode()) + sum(len(f"{name}String{text}".encode()) for name, text in attributes.items())
