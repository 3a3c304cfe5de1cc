"""What a dead letter says: its reason, and the version under which it may go back."""

import pytest

from ops.attribute import Attribute
from ops.letter import Letter
from records.key import KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.version import version_of_bare_message

VERSION = "01a2074d-f08d-7356-ac50-434b86e031a3"
_VERSION_BYTES = len("version") + len("String") + len(VERSION)


def letter(body: str = "{}", source: str = "", **attributes: str) -> Letter:
    told = {"SentTimestamp": "5", "ApproximateReceiveCount": "1"}
    if source:
        told["DeadLetterQueueSourceArn"] = source
    return Letter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "handle",
            "Body": body,
            "Attributes": told,  # type: ignore[typeddict-item] # the names are SQS's
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
            },
        }
    )


def test_a_letter_of_the_consumers_says_its_reason_and_its_times() -> None:
    told = letter(reason="key_invalid", detail="why", version=VERSION, sent="then", dead_lettered="later")
    assert (told.reason, told.detail, told.sent, told.dead_lettered) == ("key_invalid", "why", "then", "later")


def test_a_letter_without_a_reason_was_received_too_often() -> None:
    told = letter(version=VERSION)
    assert (told.reason, told.detail, told.dead_lettered) == ("received_too_often", "", None)
    assert told.sent == "1970-01-01T00:00:00.005Z"


def test_what_a_producer_calls_a_reason_is_none_of_the_consumers() -> None:
    told = letter(source="arn", reason="because", detail="I say so", dead_lettered="never")
    assert (told.reason, told.detail, told.dead_lettered) == ("received_too_often", "", None)
    assert told.version == Attribute("String", version_of_bare_message("m", 5))


def test_a_letter_that_had_no_room_for_its_times_was_dead_lettered_when_it_was_sent() -> None:
    assert letter(reason="message_too_large").dead_lettered == "1970-01-01T00:00:00.005Z"
    assert letter(reason="message_too_large").sent is None


@pytest.mark.parametrize("version", [VERSION, "no version at all", ""])
@pytest.mark.parametrize("reason", [{}, {"reason": "key_invalid"}], ids=["moved by SQS", "sent by the consumer"])
def test_a_version_stays_as_it_is_even_if_it_is_none(version: str, reason: dict[str, str]) -> None:
    """The consumer is to judge it again, as it did or would have done."""
    assert letter(version=version, **reason).version == Attribute("String", version)


def test_a_bare_message_that_sqs_moved_has_the_version_of_its_every_delivery() -> None:
    assert letter().version == Attribute("String", version_of_bare_message("m", 5))


def test_a_letter_whose_version_had_no_room_beside_its_reason_has_none_that_is_safe() -> None:
    """Its own id and time are of the dead-lettering: a version of these would overwrite what was accepted since."""
    assert letter(reason="record_too_large").version is None


@pytest.mark.parametrize(("room", "goes_back"), [(_VERSION_BYTES, True), (_VERSION_BYTES - 1, False)])
def test_a_bare_message_goes_back_only_with_room_for_its_version(room: int, goes_back: bool) -> None:  # noqa: FBT001 - the outcome
    told = letter("ж" * 100 + "x" * (MESSAGE_BYTES_MAX - 200 - room))
    assert (told.version is not None) == goes_back


def test_a_binary_version_stays_binary() -> None:
    told = Letter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "handle",
            "Body": "{}",
            "Attributes": {"SentTimestamp": "5"},
            "MessageAttributes": {"version": {"DataType": "Binary", "BinaryValue": b"\x01\x02"}},
        }
    )
    assert told.version
    assert told.version.to_send() == {"DataType": "Binary", "BinaryValue": b"\x01\x02"}
    assert (told.version.text(), told.message_bytes) == ("0102", len("{}") + len("version") + len("Binary") + 2)


def test_sizes_are_bytes_and_the_message_counts_its_attributes() -> None:
    told = letter('{"a":"ж"}', version=VERSION)
    assert (told.body_bytes, told.message_bytes) == (10, 10 + _VERSION_BYTES)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ('{"id":"42","_forebay":1}', ("42", None)),
        ("{}", (VERSION, None)),
        ('{"id":""}', None),
        ('{"id":7}', None),
        ('["id"]', None),
        ('{"id":"42"', None),
    ],
)
def test_the_key_is_told_where_it_can_be_read(body: str, key: tuple[str, None] | None) -> None:
    assert letter(body, version=VERSION).key(KeySchema()) == key


def test_the_key_follows_the_tables_own_schema() -> None:
    key_schema = KeySchema.read("device:S,time:N")
    assert letter('{"device":"d","time":1.50}', version=VERSION).key(key_schema) == ("d", "1.5")
