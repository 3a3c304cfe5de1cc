"""A dead letter: its reason, and the version with which its record may be sent back."""

import pytest

from ops.dead_letter import DeadLetter
from ops.message_attribute import MessageAttribute
from records.key import KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.version import version_of_bare_message

VERSION = "01a2074d-f08d-7356-ac50-434b86e031a3"
_VERSION_BYTES = len("version") + len("String") + len(VERSION)


def letter(body: str = "{}", source: str = "", **attributes: str) -> DeadLetter:
    system = {"SentTimestamp": "5", "ApproximateReceiveCount": "1"}
    if source:
        system["DeadLetterQueueSourceArn"] = source
    return DeadLetter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "handle",
            "Body": body,
            "Attributes": system,  # type: ignore[typeddict-item] # the names are SQS's
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
            },
        }
    )


def test_a_letter_from_the_consumer_has_its_reason_and_its_times() -> None:
    found = letter(reason="key_invalid", detail="why", version=VERSION, sent="then", dead_lettered="later")
    assert (found.reason, found.detail, found.sent, found.dead_lettered) == ("key_invalid", "why", "then", "later")


def test_the_reason_of_a_letter_without_one_is_received_too_often() -> None:
    found = letter(version=VERSION)
    assert (found.reason, found.detail, found.dead_lettered) == ("received_too_often", "", None)
    assert found.sent == "1970-01-01T00:00:00.005Z"


def test_in_a_letter_that_sqs_moved_the_attributes_of_its_producer_are_ignored() -> None:
    found = letter(source="arn", reason="because", detail="I say so", dead_lettered="never")
    assert (found.reason, found.detail, found.dead_lettered) == ("received_too_often", "", None)
    assert found.version == MessageAttribute("String", version_of_bare_message("m", 5))


def test_a_letter_from_the_consumer_without_times_was_dead_lettered_when_it_was_sent() -> None:
    assert letter(reason="message_too_large").dead_lettered == "1970-01-01T00:00:00.005Z"
    assert letter(reason="message_too_large").sent is None


@pytest.mark.parametrize("version", [VERSION, "no version at all", ""])
@pytest.mark.parametrize("reason", [{}, {"reason": "key_invalid"}], ids=["moved by SQS", "sent by the consumer"])
def test_a_version_is_kept_even_if_it_is_invalid(version: str, reason: dict[str, str]) -> None:
    """The consumer has to validate it again, as it did the first time."""
    assert letter(version=version, **reason).version == MessageAttribute("String", version)


def test_a_bare_message_that_sqs_moved_has_the_version_of_its_deliveries() -> None:
    assert letter().version == MessageAttribute("String", version_of_bare_message("m", 5))


def test_a_letter_from_the_consumer_without_the_attribute_has_no_version() -> None:
    """Its id and time are new: a version made from them would overwrite what was accepted since."""
    assert letter(reason="record_too_large").version is None


@pytest.mark.parametrize(("spare_bytes", "fits"), [(_VERSION_BYTES, True), (_VERSION_BYTES - 1, False)])
def test_a_bare_message_has_a_version_only_if_the_attribute_fits(spare_bytes: int, *, fits: bool) -> None:
    moved = letter("ж" * 100 + "x" * (MESSAGE_BYTES_MAX - 200 - spare_bytes))
    assert (moved.version is not None) == fits


def test_a_letter_from_the_api_says_where_it_is_from_and_holds_the_text_as_it_was_sent() -> None:
    found = letter("/w==", reason="json_malformed", version=VERSION, request_id="r", index="7", encoding="base64")
    assert (found.source, found.text, found.version) == ("record 7 of request r", b"\xff", None)
    assert letter("/w==", reason="json_malformed", version=VERSION).text == b"/w=="
    assert letter("no base64", reason="json_malformed", encoding="base64").text == b"no base64"


def test_in_a_letter_that_sqs_moved_an_encoding_and_a_source_are_its_producers() -> None:
    found = letter("/w==", source="arn", version=VERSION, request_id="r", encoding="base64")
    assert (found.source, found.text) == (None, b"/w==")
    assert found.version == MessageAttribute("String", VERSION)


def test_a_binary_version_stays_binary() -> None:
    found = DeadLetter.of(
        {
            "MessageId": "m",
            "ReceiptHandle": "handle",
            "Body": "{}",
            "Attributes": {"SentTimestamp": "5"},
            "MessageAttributes": {"version": {"DataType": "Binary", "BinaryValue": b"\x01\x02"}},
        }
    )
    assert found.version
    assert found.version.to_send() == {"DataType": "Binary", "BinaryValue": b"\x01\x02"}
    assert (found.version.text(), found.message_bytes) == ("0102", len("{}") + len("version") + len("Binary") + 2)


def test_sizes_are_in_bytes_and_the_size_of_the_message_includes_its_attributes() -> None:
    found = letter('{"a":"ж"}', version=VERSION)
    assert (found.body_bytes, found.message_bytes) == (10, 10 + _VERSION_BYTES)


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
def test_a_letter_has_a_key_only_if_its_body_holds_a_valid_one(body: str, key: tuple[str, None] | None) -> None:
    assert letter(body, version=VERSION).key(KeySchema()) == key


def test_the_key_follows_the_key_schema_of_the_table() -> None:
    key_schema = KeySchema.read("device:S,time:N")
    assert letter('{"device":"d","time":1.50}', version=VERSION).key(key_schema) == ("d", "1.5")
