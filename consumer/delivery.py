"""A message as the event source mapping delivers it."""

from dataclasses import dataclass
from typing import Any

from records.message import VERSION_ATTRIBUTE
from records.version import is_version, version_of_bare_message


@dataclass(frozen=True, slots=True)
class Delivery:
    message_id: str
    receipt_handle: str
    """Identifies this delivery in calls that change its visibility or delete the message."""
    body: str
    version: str | None
    """The message attribute `version`; None for a bare message."""
    sent_ms: int
    """When SQS took the message, in Unix milliseconds."""
    receives: int
    """How often SQS has delivered the message, this delivery included."""
    first_received_ms: int
    """When SQS delivered it for the first time, in Unix milliseconds."""

    @classmethod
    def of(cls, sqs_record: dict[str, Any]) -> "Delivery":
        """From one of an event's `Records`: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
        version = sqs_record["messageAttributes"].get(VERSION_ATTRIBUTE)
        return cls(
            message_id=sqs_record["messageId"],
            receipt_handle=sqs_record["receiptHandle"],
            body=sqs_record["body"],
            version=None if version is None else version.get("stringValue", ""),
            sent_ms=int(sqs_record["attributes"]["SentTimestamp"]),
            receives=int(sqs_record["attributes"]["ApproximateReceiveCount"]),
            first_received_ms=int(sqs_record["attributes"]["ApproximateFirstReceiveTimestamp"]),
        )

    def stable_version(self) -> str:
        """The version for a copy of this message, re-enqueued or dead-lettered: the message's own, if it is valid.

        Otherwise it follows from the message's id and time, which a copy does not keep.
        """
        if self.version is not None and is_version(self.version):
            return self.version
        return version_of_bare_message(self.message_id, self.sent_ms)
