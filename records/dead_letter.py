"""The contract on the dead-letter queue: the text of a record that was given up, with its reason.

The consumer sends what it can never put, the API what a request held and can never be stored.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from records.errors import Violation
from records.json_text import text_bytes
from records.limits import MESSAGE_BYTES_MAX
from records.message import VERSION_ATTRIBUTE
from records.times import rfc3339
from records.version import accepted_ms

REASON = "reason"
"""A code of `records.errors`, or `put_refused`. Every dead letter has it, except what SQS itself moved."""
DETAIL = "detail"
"""The same in words, for people."""
SENT = "sent"
DEAD_LETTERED = "dead_lettered"
"""When its producer sent the record, and when it was given up: RFC 3339 UTC."""
REQUEST_ID = "request_id"
INDEX = "index"
"""Of a letter that the API sent: its request, and the record's position in it, from 0."""
ENCODING = "encoding"
BASE64 = "base64"
"""The encoding of a body that is no text as SQS takes it. Other letters have no such attribute."""

_DETAIL_LENGTH_MAX = 1024
# The characters that SQS allows: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class DeadLetterMessage:
    """The message of a record that the API gives up. `size` is in UTF-8 bytes as SQS counts them."""

    body: str
    version: str
    attributes: Mapping[str, str]
    size: int

    @classmethod
    def of(
        cls, text: bytes, version: str, violation: Violation, request_id: str, index: int
    ) -> "DeadLetterMessage | None":
        """The text unchanged, or in base64; None if no message has room for it, the reason and the source."""
        accepted = rfc3339(accepted_ms(version))
        body, encoding = _body(text)
        attributes = fitting(
            body,
            {
                REASON: violation.code,
                VERSION_ATTRIBUTE: version,
                REQUEST_ID: request_id,
                INDEX: str(index),
                **encoding,
            },
            {SENT: accepted, DEAD_LETTERED: accepted, DETAIL: str(violation)},
        )
        size = message_bytes(body, attributes)
        return None if size > MESSAGE_BYTES_MAX else cls(body, version, attributes, size)


def fitting(body: str, needed: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The attributes that are needed and, in their order, those of the others that fit into a message beside this body.

    In the values of the others, which must not be empty, characters that SQS does not take are replaced, and none is
    longer than 1,024 characters.
    """
    attributes = dict(needed)
    room = MESSAGE_BYTES_MAX - message_bytes(body, needed)
    for name, text in wanted.items():
        allowed = _NOT_ALLOWED.sub("\ufffd", text)[:_DETAIL_LENGTH_MAX]
        room -= message_bytes("", {name: allowed})
        if room < 0:
            break
        attributes[name] = allowed
    return attributes


def message_bytes(body: str, attributes: Mapping[str, str]) -> int:
    """The size as SQS counts it: body, and the names, types and values of the attributes."""
    return text_bytes(body) + sum(text_bytes(f"{name}String{text}") for name, text in attributes.items())


def original(body: str, encoding: str) -> bytes:
    """The text that a letter's body holds. Raises `ValueError` where it is not in that encoding."""
    return b64decode(body, validate=True) if encoding == BASE64 else body.encode()


def _body(text: bytes) -> tuple[str, dict[str, str]]:
    try:
        body = text.decode()
    except UnicodeDecodeError:
        return b64encode(text).decode(), {ENCODING: BASE64}
    return (b64encode(text).decode(), {ENCODING: BASE64}) if _NOT_ALLOWED.search(body) else (body, {})
