"""A dead letter as it is received: why it is there, and which version its record has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.attribute import Attribute
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
"""The reason of a letter that came without one: SQS itself moved it, after the queue's maxReceiveCount."""
_REASON = "reason"


@dataclass(frozen=True, slots=True)
class Letter:
    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, Attribute]
    sent_ms: int
    """When the message was sent, in Unix milliseconds: by the consumer to the dead-letter queue; or, of what SQS moved,
    by its producer to the record queue, since a move leaves the message's id and time as they were
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html).
    """
    moved: bool
    """Whether SQS moved it here. Otherwise the consumer sent it, and its attributes are the consumer's."""

    @classmethod
    def of(cls, message: "MessageTypeDef") -> "Letter":
        """From one of ReceiveMessage's `Messages`, received with all attributes."""
        told = message["Attributes"]
        attributes = {name: Attribute.received(each) for name, each in message.get("MessageAttributes", {}).items()}
        return cls(
            message_id=message["MessageId"],
            receipt_handle=message["ReceiptHandle"],
            body=message["Body"],
            attributes=attributes,
            sent_ms=int(told["SentTimestamp"]),
            moved="DeadLetterQueueSourceArn" in told or _REASON not in attributes,
        )

    @property
    def reason(self) -> str:
        return self._told(_REASON) or RECEIVED_TOO_OFTEN

    @property
    def detail(self) -> str:
        return self._told("detail")

    @property
    def dead_lettered(self) -> str | None:
        """RFC 3339 UTC; None for what SQS moved, which does not say when."""
        return None if self.moved else self._told("dead_lettered") or rfc3339(self.sent_ms)

    @property
    def sent(self) -> str | None:
        """When its producer sent it, in RFC 3339 UTC; None where the consumer had no room to say."""
        return rfc3339(self.sent_ms) if self.moved else self._told("sent") or None

    @property
    def version(self) -> Attribute | None:
        """The attribute `version` under which its record goes back to the queue; None when it has to stay.

        It is the letter's own, as it is. A bare message that SQS moved has none; the one that every delivery of it gave
        its record follows from its id and time, which only this message has, so it has to be written down. A letter
        without a version that cannot have this one (no room in the message, or the consumer had none for it) would
        become newer than all that was accepted since.
        """
        if there := self.attributes.get(VERSION_ATTRIBUTE):
            return there
        if not self.moved:
            return None
        made = Attribute("String", version_of_bare_message(self.message_id, self.sent_ms))
        return made if self.body_bytes + made.bytes_as(VERSION_ATTRIBUTE) <= MESSAGE_BYTES_MAX else None

    @property
    def body_bytes(self) -> int:
        return text_bytes(self.body)

    @property
    def message_bytes(self) -> int:
        """As SQS counts them, with the attributes."""
        return self.body_bytes + sum(attribute.bytes_as(name) for name, attribute in self.attributes.items())

    def key(self, key_schema: KeySchema) -> Key | None:
        """The record's key, where the body can be read as far as that."""
        try:
            record = parse(self.body.encode())
        except (TextMalformed, UnicodeEncodeError):
            return None
        if not isinstance(record, dict):
            return None
        if version := self.version:
            key_schema.fill(record, version.text())
        return None if key_schema.violations(record) else key_schema.of(record)

    def _told(self, name: str) -> str:
        """What the consumer wrote; nothing where a producer may have written it."""
        attribute = None if self.moved else self.attributes.get(name)
        return attribute.text() if attribute else ""
