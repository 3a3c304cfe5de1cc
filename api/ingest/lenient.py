"""A request's body, each record by itself: a bad one becomes a dead letter, its text untouched."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import to_json

from api.ingest.elements import element_texts
from api.ingest.idempotency import derived_id
from api.ingest.parse import BodyFormat, check_count, lines_of, message_of, value_of, value_of_text
from api.outbound.group_commit import Sendable
from api.problem_document import RecordFault, RecordOutcome
from api.problems import RequestMalformed
from records.dead_letter import DeadLetterMessage
from records.errors import TextMalformed, Violation
from records.key import KeySchema
from records.message import Message
from records.version import Versions

if TYPE_CHECKING:
    from records.json_text import Value


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that can never be stored. Without a letter, no message could hold it."""

    index: int
    version: str
    violation: Violation
    letter: DeadLetterMessage | None


@dataclass(frozen=True, slots=True)
class EachParsed:
    """In request order."""

    records: list[Message | BadRecord]
    answer: bytes
    """The answer's JSON, if everything is confirmed. Made here, because that takes as long as parsing."""


def parse_each(
    body: bytes,
    body_format: BodyFormat,
    idempotency_key: str | None,
    versions: Versions,
    key_schema: KeySchema,
    *,
    request_id: str,
) -> EachParsed:
    """Raises a `Problem` where the body is not JSON as a whole; then nothing may be sent."""
    parsed: list[Message | BadRecord] = []
    for index, (text, value) in enumerate(_texts(body, body_format.of_bytes(body))):
        version = versions.next()
        default_id = version if idempotency_key is None else derived_id(idempotency_key, index)
        message, violations = message_of(value, version, default_id, key_schema, violations_max=1)
        if message:
            parsed.append(message)
        else:
            letter = DeadLetterMessage.of(text, version, violations[0], request_id, index)
            parsed.append(BadRecord(index, version, violations[0], letter))
    return EachParsed(parsed, to_json({"records": outcomes_of(parsed, ())}, exclude_none=True))


def outcomes_of(parsed: Iterable[Message | BadRecord], unconfirmed: Sequence[Sendable]) -> list[RecordOutcome]:
    """In their order. Of several records of one key only the last is sent; what is true of it is true of all."""
    keys = {message.key for message in unconfirmed if isinstance(message, Message)}
    versions = {message.version for message in unconfirmed}

    def outcome(each: Message | BadRecord) -> RecordOutcome:
        if isinstance(each, Message):
            key = each.key
            return RecordOutcome(id=key.partition, sort=key.sort, version=each.version, accepted=key not in keys)
        why = each.violation
        return RecordOutcome(
            version=each.version,
            accepted=False,
            dead_lettered=each.letter is not None and each.version not in versions,
            error=RecordFault(index=each.index, pointer=why.pointer, code=why.code, detail=why.detail),
        )

    return [outcome(each) for each in parsed]


def _texts(body: bytes, body_format: BodyFormat) -> "Iterator[tuple[bytes, Value | Violation]]":
    """Each record's text and value, or what is malformed about it."""
    if body_format is BodyFormat.LINES:
        yield from lines_of(body)
        return
    try:
        texts = element_texts(body)
    except TextMalformed as error:
        value_of(body)  # which says better what is wrong
        raise RequestMalformed(error) from None
    check_count(len(texts))
    yield from ((text, value_of_text(text)) for text in texts)
