"""The record queue, as the consumer calls it: to defer a redelivery, to re-enqueue a message, or to delete it."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from consumer.delivery import Delivery
from records.message import VERSION_ATTRIBUTE
from telemetry.queue_depth import DEPTH_ATTRIBUTES, QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

log = logging.getLogger(__name__)


class DeliveryQueue:
    """The client passed in makes one attempt per call. A failed call costs only time: SQS redelivers the message after
    its visibility timeout.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def depth(self) -> QueueDepth | None:
        """Approximately how many messages the queue holds; None when SQS does not answer."""
        try:
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=DEPTH_ATTRIBUTES)
        except (BotoCoreError, ClientError) as error:
            log.warning("depth_failed", extra={"cause": type(error).__name__})
            return None
        return QueueDepth.of(answer["Attributes"])

    def hide(self, delays: Sequence[tuple[Delivery, int]]) -> None:
        """Defers up to ten messages: SQS redelivers each after its own delay, in seconds from now."""
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {"Id": str(n), "ReceiptHandle": delivery.receipt_handle, "VisibilityTimeout": seconds}
            for n, (delivery, seconds) in enumerate(delays)
        ]
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            log.warning("hide_failed", extra={"messages": len(entries), "cause": type(error).__name__})
            return
        if failed := answer.get("Failed"):
            log.warning("hide_failed", extra={"messages": len(failed), "cause": failed[0]["Code"]})

    def renew(self, delivery: Delivery, delay: int) -> bool:
        """Re-enqueues the message under the same version, so that its age and its receive count start from zero.

        Returns whether SQS has confirmed the copy. If so, the original has to be deleted.
        """
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=delivery.body,
                MessageAttributes={VERSION_ATTRIBUTE: {"DataType": "String", "StringValue": delivery.stable_version()}},
                DelaySeconds=delay,
            )
        except (BotoCoreError, ClientError) as error:
            log.error("renew_failed", extra={"message_id": delivery.message_id, "cause": type(error).__name__})
            return False
        log.info("renewed", extra={"message_id": delivery.message_id, "receives": delivery.receives})
        return True

    def delete(self, delivery: Delivery) -> None:
        """Deletes the message at once, for the case that the invocation dies before it can report success."""
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt_handle)
        except (BotoCoreError, ClientError) as error:
            log.warning("delete_failed", extra={"message_id": delivery.message_id, "cause": type(error).__name__})
