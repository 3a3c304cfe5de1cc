"""The door: a request's body becomes records, or a problem that says where and why."""

from api.problems import RecordsInvalid, RequestMalformed, RequestTooLarge
from records.faults import Fault, TextMalformed
from records.key import KeySchema
from records.message import Message
from records.record import Record, faults
from records.text import Value, parse
from records.version import Versions

REQUEST_BYTES_MAX = 6 * 1024 * 1024
"""A request's body. Lambda's own limit for a request: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
REQUEST_RECORDS_MAX = 1000
FAULTS_MAX = 100
"""Faults that one answer lists."""


def messages_of(body: bytes, versions: Versions, key_schema: KeySchema) -> list[Message]:
    """The message of each record, in request order. Raises a `Problem`; nothing was sent then."""
    try:
        value = parse(body)
    except TextMalformed as error:
        raise RequestMalformed(error.code, str(error)) from None
    values = value if isinstance(value, list) else [value]
    if len(values) > REQUEST_RECORDS_MAX:
        raise RequestTooLarge(f"the request holds {len(values):,} records; at most {REQUEST_RECORDS_MAX:,}")
    messages: list[Message] = []
    found: list[tuple[int, Fault]] = []
    for index, element in enumerate(values):
        message, record_faults = _message_of(element, versions.next(), key_schema, FAULTS_MAX - len(found))
        found += [(index, fault) for fault in record_faults]
        if len(found) >= FAULTS_MAX:
            break
        if message:
            messages.append(message)
    if found:
        raise RecordsInvalid(found)
    return messages


def _message_of(
    value: Value, version: str, key_schema: KeySchema, faults_max: int
) -> tuple[Message | None, list[Fault]]:
    if isinstance(value, dict):
        key_schema.fill(value, version)
    if (found := faults(value, key_schema, faults_max)) or not isinstance(value, dict):
        return None, found
    message = Message.of(Record(key_schema.of(value), value, version))
    fault = message.fault()
    return (None, [fault]) if fault else (message, [])
