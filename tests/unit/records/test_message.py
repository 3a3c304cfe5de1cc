"""The contract on the queue: a sent record reads back equal; a message that can never be put has a reason."""

from decimal import Decimal

import pytest

from records import errors as codes
from records.key import Key, KeySchema
from records.limits import ITEM_BYTES_MAX, MESSAGE_BYTES_MAX
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


def test_a_bare_message_gets_a_version_which_is_also_its_id() -> None:
    record = read_message('{"a": 1}', None, "message-id", 1_700_000_000_000, _KEY)
    version = version_of_bare_message("message-id", 1_700_000_000_000)
    assert record == Record(Key(version), {"a": 1, "id": version}, version)


@pytest.mark.parametrize(
    ("body", "version", "reason"),
    [
        ("{", _VERSION, codes.JSON_MALFORMED),
        ("[]", _VERSION, codes.RECORD_NOT_AN_OBJECT),
        ('{"id": 1}', _VERSION, codes.KEY_INVALID),
        ('{"id": "1", "a": 1e126}', _VERSION, codes.NUMBER_OUT_OF_RANGE),
        (f'{{"id": "1", "a": "{"x" * ITEM_BYTES_MAX}"}}', _VERSION, codes.RECORD_TOO_LARGE),
        ('{"id": "1"}', "7", codes.VERSION_INVALID),
        ('{"id": "1"}', "", codes.VERSION_INVALID),
        ('{"id": "1"}', "ffffffff-ffff-7fff-bfff-ffffffffffff", codes.VERSION_INVALID),
        ('{"id": "1"}', version_of_bare_message("m", _SENT_MS + 86_400_001), codes.VERSION_INVALID),
        ('{"id": "\ud800"}', _VERSION, codes.TEXT_INVALID),
    ],
)
def test_a_message_that_can_never_be_put_has_a_reason(body: str, version: str, reason: str) -> None:
    with pytest.raises(MessageUnreadable) as caught:
        read_message(body, version, "m", _SENT_MS, _KEY)
    assert caught.value.reason == reason


def test_a_version_up_to_a_day_in_the_future_is_accepted() -> None:
    version = version_of_bare_message("m", _SENT_MS + 86_400_000)
    assert read_message('{"id":"1"}', version, "m", _SENT_MS, _KEY).version == version


def test_the_size_of_a_message_includes_its_attribute() -> None:
    around = Message.of(Record(Key("1"), {"id": "1", "a": ""}, _VERSION)).size
    assert around == len('{"id":"1","a":""}') + len("version" + "String" + _VERSION)
    spare_bytes = MESSAGE_BYTES_MAX - around
    assert Message.of(Record(Key("1"), {"id": "1", "a": "x" * spare_bytes}, _VERSION)).violation() is None
    violation = Message.of(Record(Key("1"), {"id": "1", "a": "x" * (spare_bytes + 1)}, _VERSION)).violation()
    assert violation is not None
    assert violation.code == codes.MESSAGE_TOO_LARGE
