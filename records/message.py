"""The contract on the queue: one record is one message.

The body is the record's JSON text; the message attribute `version` is its version. A message without the attribute is
valid too: any producer may send bare records directly to the queue.
"""

from dataclasses import dataclass

from records.errors import MESSAGE_TOO_LARGE, TEXT_INVALID, VERSION_INVALID, TextMalformed, Violation
from records.item import VERSION
from records.json_text import parse, text_bytes, write
from records.key import Key, KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.validation import Record, size_violation, validate
from records.version import accepted_ms, is_version, version_of_bare_message

VERSION_ATTRIBUTE = VERSION
_VERSION_AHEAD_MS_MAX = 86_400_000
"""How far a producer's clock may be ahead of SQS's: a day."""
_VERSION_ATTRIBUTE_BYTES = len(VERSION_ATTRIBUTE) + len("String") + len("00000000-0000-7000-8000-000000000000")


class MessageUnreadable(ValueError):
    """A message that can never be put; `reason` is one of the codes of `records.errors`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Message:
    """A record's message; `size` is in UTF-8 bytes as SQS counts them, attributes included."""

    key: Key
    body: str
    version: str
    size: int

    @property
    def attributes(self) -> dict[str, str]:
        """Its message attributes, all of them strings."""
        return {VERSION_ATTRIBUTE: self.version}

    @classmethod
    def of(cls, record: Record) -> "Message":
        body = write(record.attributes)
        return cls(record.key, body, record.version, text_bytes(body) + _VERSION_ATTRIBUTE_BYTES)

    def violation(self) -> Violation | None:
        """A record may fit into an item and not into a message: a control character is one byte there and six here."""
        if self.size <= MESSAGE_BYTES_MAX:
            return None
        return Violation(
            "", MESSAGE_TOO_LARGE, f"the SQS message would be {self.size:,} bytes; at most {MESSAGE_BYTES_MAX:,}"
        )


def read_message(body: str, version: str | None, message_id: str, sent_ms: int, key_schema: KeySchema) -> Record:
    """The record in a message from the queue. Raises `MessageUnreadable` when it can never be put."""
    if version is None:
        version = version_of_bare_message(message_id, sent_ms)
    elif not is_version(version):
        raise MessageUnreadable(VERSION_INVALID, "the message attribute version is not a UUIDv7 in its canonical form")
    elif accepted_ms(version) > sent_ms + _VERSION_AHEAD_MS_MAX:
        # It would win over every record that is accepted before that time.
        raise MessageUnreadable(
            VERSION_INVALID, "the message attribute version is of a time after the message was sent"
        )
    try:
        text = body.encode()
        attributes = parse(text)
    except TextMalformed as error:
        raise MessageUnreadable(error.code, str(error)) from None
    except UnicodeEncodeError:
        raise MessageUnreadable(TEXT_INVALID, "the message's body is not text") from None
    if isinstance(attributes, dict):
        key_schema.fill(attributes, version)
    violations = validate(attributes, key_schema)
    if violations or not isinstance(attributes, dict):
        raise _unreadable(violations[0])
    if too_large := size_violation(attributes, len(text)):
        raise _unreadable(too_large)
    return Record(key_schema.of(attributes), attributes, version)


def _unreadable(violation: Violation) -> MessageUnreadable:
    return MessageUnreadable(violation.code, str(violation))
