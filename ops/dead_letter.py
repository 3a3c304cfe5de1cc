"""A dead letter as it is received: why its record was given up, and which version the record has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.message_attribute import MessageAttribute
from records.dead_letter import DEAD_LETTERED, DETAIL, ENCODING, INDEX, REASON, REQUEST_ID, SENT, original
from records.errors import TextMalformed
from records.json_text import parse, text_bytes
from records.key import Key, KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.message import VERSION_ATTRIBUTE
from records.times import rfc3339
from records.version import version_of_bare_message

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

RECEIVED_TOO_OFTEN = "received_too_often"
"""The reason of a letter without the attribute: SQS itself moved it, after the queue's maxReceiveCount."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, MessageAttribute]
    sent_ms: int
    """When the message was sent, in Unix milliseconds: by Forebay to the dead-letter queue; or, if SQS moved it, by its
    producer to the record queue, because a moved message keeps its id and time
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html).
    """
    moved: bool
    """Whether SQS moved it here. Otherwise the consumer or the API sent it, and its attributes are theirs."""

    @classmethod
    def of(cls, message: "MessageTypeDef") -> "DeadLetter":
        """From one of ReceiveMessage's `Messages`, received with all attributes."""
        system = message["Attributes"]
        given = message.get("MessageAttributes", {})
        attributes = {name: MessageAttribute.received(attribute) for name, attribute in given.items()}
        return cls(
            message_id=message["MessageId"],
            receipt_handle=message["ReceiptHandle"],
            body=message["Body"],
            attributes=attributes,
            sent_ms=int(system["SentTimestamp"]),
            moved="DeadLetterQueueSourceArn" in system or REASON not in attributes,
        )

    @property
    def reason(self) -> str:
        return self._own(REASON) or RECEIVED_TOO_OFTEN

    @property
    def detail(self) -> str:
        return self._own(DETAIL)

    @property
    def dead_lettered(self) -> str | None:
        """RFC 3339 UTC; None if SQS moved it, because SQS does not record when."""
        return None if self.moved else self._own(DEAD_LETTERED) or rfc3339(self.sent_ms)

    @property
    def sent(self) -> str | None:
        """When its producer sent it, in RFC 3339 UTC; None where this attribute did not fit into the message."""
        return rfc3339(self.sent_ms) if self.moved else self._own(SENT) or None

    @property
    def source(self) -> str | None:
        """Where the API had it from, in words; None for what came from the record queue."""
        request = self._own(REQUEST_ID)
        return f"record {self._own(INDEX)} of request {request}" if request else None

    @property
    def text(self) -> bytes:
        """The record's text as it was sent, whatever it is; the body may be its encoding."""
        try:
            return original(self.body, self._own(ENCODING))
        except ValueError:
            return self.body.encode(errors="surrogatepass")

    @property
    def version(self) -> MessageAttribute | None:
        """The attribute `version` with which its record is sent back to the record queue; None when it has to stay.

        A text that had to be encoded stays: no message can hold it as it was.

        If the letter has the attribute, it is used unchanged. A bare message that SQS moved has none: its record's
        version follows from the message's id and time, which a copy does not keep, so the copy needs the attribute.

        A letter without a version has to stay when the attribute does not fit: when the copy would be too large, or
        when the consumer could not add it. Sent back without it, its record would get a new version, and would
        overwrite what was accepted since.
        """
        if self._own(ENCODING):
            return None
        if own := self.attributes.get(VERSION_ATTRIBUTE):
            return own
        if not self.moved:
            return None
        derived = MessageAttribute("String", version_of_bare_message(self.message_id, self.sent_ms))
        return derived if self.body_bytes + derived.size(VERSION_ATTRIBUTE) <= MESSAGE_BYTES_MAX else None

    @property
    def body_bytes(self) -> int:
        return text_bytes(self.body)

    @property
    def message_bytes(self) -> int:
        """The message's size as SQS counts it, attributes included."""
        return self.body_bytes + sum(attribute.size(name) for name, attribute in self.attributes.items())

    def key(self, key_schema: KeySchema) -> Key | None:
        """The record's key; None where the body does not have a valid one."""
        try:
            record = parse(self.text)
        except TextMalformed:
            return None
        if not isinstance(record, dict):
            return None
        if version := self.version:
            key_schema.fill(record, version.text())
        return None if key_schema.violations(record) else key_schema.of(record)

    def _own(self, name: str) -> str:
        """An attribute that Forebay wrote; empty where a producer may have written it."""
        attribute = None if self.moved else self.attributes.get(name)
        return attribute.text() if attribute else ""
