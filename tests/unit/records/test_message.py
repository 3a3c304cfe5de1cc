"""The contract on the queue: what is sent reads back as the same record; what cannot be put says why."""

from decimal import Decimal

import pytest

from records import faults as f
from records.key import Key, KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.message import Message, MessageUnreadable, read_message
from records.validation import Record
from records.version import version_of_bare_message

_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_KEY = KeySchema()
_SENT_MS = 1_700_000_000_500


def test_a_sent_record_reads_back_equal() -> None:
    record = Record(Key("1"), {"id": "1", "n": Decimal("0.1"), "s": "\x00Ж\ufffe"}, _VERSION)
    message = Message.of(record)
    assert read_message(message.body, message.version, "m", _SENT_MS, _KEY) == record


def test_a_bare_message_gets_a_version_of_its_own_and_that_as_id() -> None:
    record = read_message('{"a": 1}', None, "message-id", 1_700_000_000_000, _KEY)
    version = version_of_bare_message("message-id", 1_700_000_000_000)
    assert record == Record(Key(version), {"a": 1, "id": version}, version)


@pytest.mark.parametrize(
    ("body", "version", "reason"),
    [
        ("{", _VERSION, f.JSON_MALFORMED),
        ("[]", _VERSION, f.RECORD_NOT_AN_OBJECT),
        ('{"id": 1}', _VERSION, f.KEY_INVALID),
        ('{"id": "1", "a": 1e126}', _VERSION, f.NUMBER_OUT_OF_RANGE),
        ('{"id": "1"}', "7", f.VERSION_INVALID),
        ('{"id": "1"}', "", f.VERSION_INVALID),
        ('{"id": "1"}', "ffffffff-ffff-7fff-bfff-ffffffffffff", f.VERSION_INVALID),
        ('{"id": "1"}', version_of_bare_message("m", _SENT_MS + 86_400_001), f.VERSION_INVALID),
        ('{"id": "\ud800"}', _VERSION, f.TEXT_INVALID),
    ],
)
def test_an_unreadable_message_says_why(body: str, version: str, reason: str) -> None:
    with pytest.raises(MessageUnreadable) as caught:
        read_message(body, version, "m", _SENT_MS, _KEY)
    assert caught.value.reason == reason


def test_a_producer_whose_clock_is_a_little_ahead_is_read() -> None:
    version = version_of_bare_message("m", _SENT_MS + 86_400_000)
    assert read_message('{"id":"1"}', version, "m", _SENT_MS, _KEY).version == version


def test_a_message_is_counted_with_its_attribute() -> None:
    around = Message.of(Record(Key("1"), {"id": "1", "a": ""}, _VERSION)).size
    assert around == len('{"id":"1","a":""}') + len("version" + "String" + _VERSION)
    room = MESSAGE_BYTES_MAX - around
    assert Message.of(Record(Key("1"), {"id": "1", "a": "x" * room}, _VERSION)).fault() is None
    fault = Message.of(Record(Key("1"), {"id": "1", "a": "x" * (room + 1)}, _VERSION)).fault()
    assert fault is not None
    assert fault.code == f.MESSAGE_TOO_LARGE
