"""A message as the event source mapping delivers it."""

from dataclasses import dataclass
from typing import Any

from records.message import VERSION_ATTRIBUTE


@dataclass(frozen=True, slots=True)
class Delivery:
    message_id: str
    body: str
    version: str | None
    """The message attribute `version`; None for a bare message."""
    sent_ms: int
    """When SQS took the message, in Unix milliseconds."""

    @classmethod
    def of(cls, sqs_record: dict[str, Any]) -> "Delivery":
        """From one of an event's `Records`: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
        version = sqs_record["messageAttributes"].get(VERSION_ATTRIBUTE)
        return cls(
            message_id=sqs_record["messageId"],
            body=sqs_record["body"],
            version=None if version is None else version.get("stringValue", ""),
            sent_ms=int(sqs_record["attributes"]["SentTimestamp"]),
        )
