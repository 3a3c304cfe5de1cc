"""A request's body becomes messages, or a problem that says which record is invalid, where and why."""

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from io import BytesIO

from api.ingest.idempotency import derived_id
from api.problems import MediaTypeUnsupported, RecordsInvalid, RequestMalformed, TooManyRecords
from records.errors import JSON_MALFORMED, TextMalformed, Violation
from records.json_text import Value, parse
from records.key import KeySchema
from records.message import Message
from records.validation import Record, size_violation, validate
from records.version import Versions

REQUEST_RECORDS_MAX = 10_000
"""Records of one request."""
_BLANK = b" \t\r\n"
"""JSON's own space: https://www.rfc-editor.org/rfc/rfc8259#section-2"""
VIOLATIONS_MAX = 100
"""Violations that one answer lists."""


class BodyFormat(Enum):
    """How a body holds its records, by media type: one JSON value (an object or an array), or one JSON value a line.

    Some clients name none: then the bytes decide.
    """

    UNNAMED = ("",)
    JSON = ("application/json",)
    LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, content_type: str, *, from_page: bool = False) -> "BodyFormat":
        """`from_page`: whether a web page may have sent it. It has to name the format, because a browser lets every
        page send a request that names none, unasked: https://fetch.spec.whatwg.org/#cors-safelisted-request-header.

        Raises `MediaTypeUnsupported`.
        """
        media_type, *parameters = (part.strip().lower().replace('"', "") for part in content_type.split(";"))
        charsets = {parameter for parameter in parameters if parameter.startswith("charset=")}
        if charsets <= {"charset=utf-8"} and (media_type or not from_page):
            for each in cls:
                if media_type in each.value:
                    return each
        raise MediaTypeUnsupported(
            "records are sent as application/json (an object or an array of objects) or as application/x-ndjson (one a"
            " line), in UTF-8; name it in Content-Type (curl: -H 'content-type: application/json'). This request has"
            f" {content_type[:100]!r}"
        )

    def of_bytes(self, body: bytes) -> "BodyFormat":
        """The format that the client named, or else the one that the bytes show."""
        if self is not BodyFormat.UNNAMED:
            return self
        try:
            parse(body)
        except TextMalformed:
            return BodyFormat.LINES if _begins_with_a_line(body) else BodyFormat.JSON
        return BodyFormat.JSON


def parse_messages(
    body: bytes, body_format: BodyFormat, idempotency_key: str | None, versions: Versions, key_schema: KeySchema
) -> list[Message]:
    """The message of each record, in request order. Raises a `Problem`; then nothing may be sent."""
    messages: list[Message] = []
    found: list[tuple[int, Violation]] = []
    for index, value in enumerate(_values(body, body_format.of_bytes(body))):
        version = versions.next()
        default_id = version if idempotency_key is None else derived_id(idempotency_key, index)
        message, violations = message_of(value, version, default_id, key_schema, VIOLATIONS_MAX - len(found))
        found += [(index, violation) for violation in violations]
        if len(found) >= VIOLATIONS_MAX:
            break
        if message:
            messages.append(message)
    if found:
        raise RecordsInvalid(found)
    return messages


def _values(body: bytes, body_format: BodyFormat) -> "Iterator[Value | Violation]":
    if body_format is BodyFormat.LINES:
        yield from (value for _, value in lines_of(body))
        return
    value = value_of(body)
    values = value if isinstance(value, list) else [value]
    check_count(len(values))
    yield from values


def value_of(body: bytes) -> "Value":
    """The value of a body that is one JSON value. Raises `RequestMalformed`."""
    try:
        return parse(body)
    except TextMalformed as error:
        hint = "; one record a line is sent as application/x-ndjson" if _begins_with_a_line(body) else ""
        raise RequestMalformed(TextMalformed(error.code, error.detail + hint, error.line, error.column)) from None


def _begins_with_a_line(body: bytes) -> bool:
    """Whether the first line is JSON by itself, and others follow."""
    first, _, others = body.strip(_BLANK).partition(b"\n")
    if not others:
        return False
    try:
        parse(first)
    except TextMalformed:
        return False
    return True


def lines_of(body: bytes) -> "Iterator[tuple[bytes, Value | Violation]]":
    """Each line that is not blank, and its value, or what is malformed about it. Raises a `Problem`."""
    lines = [(number, line.rstrip(b"\r\n")) for number, line in enumerate(BytesIO(body), 1) if line.strip(_BLANK)]
    if not lines:
        raise RequestMalformed(TextMalformed(JSON_MALFORMED, "the body is empty", 1, 1))
    check_count(len(lines))
    yield from ((line, value_of_text(line, number)) for number, line in lines)


def value_of_text(text: bytes, line: int | None = None) -> "Value | Violation":
    """One record's value, or what is malformed about its text, which may be a line of the body."""
    try:
        return parse(text)
    except TextMalformed as error:
        return Violation("", error.code, f"{error.detail} (line {line or error.line}, column {error.column})")


def check_count(count: int) -> None:
    """Raises `TooManyRecords`."""
    if count > REQUEST_RECORDS_MAX:
        raise TooManyRecords(f"a request holds at most {REQUEST_RECORDS_MAX:,} records; send them in parts")


def message_of(
    value: "Value | Violation", version: str, default_id: str, key_schema: KeySchema, violations_max: int
) -> tuple[Message | None, list[Violation]]:
    """The record's message, or why it has none."""
    if isinstance(value, Violation):
        return None, [value]
    if isinstance(value, dict):
        key_schema.fill(value, default_id)
    if (found := validate(value, key_schema, violations_max)) or not isinstance(value, dict):
        return None, found
    message = Message.of(Record(key_schema.of(value), value, version))
    violation = size_violation(value, message.size) or message.violation()
    return (None, [violation]) if violation else (message, [])
