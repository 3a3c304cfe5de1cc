"""Dead letters: the body unchanged, the reason as an attribute."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from consumer.dead_letters import DeadLetterSender
from consumer.delivery import Delivery
from records.limits import MESSAGE_BYTES_MAX
from records.version import version_of_bare_message
from tests.unit.consumer.doubles import NOW_MS, delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Sqs:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **request: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        self.sent.append(request)
        return {"MessageId": "1"}


def send(sqs: Sqs, dead: Delivery, detail: str = "why") -> bool:
    return DeadLetterSender(cast("SQSClient", sqs), "dead-letter-queue-url", lambda: NOW_MS).send(
        dead, "a_reason", detail
    )


def attributes(sqs: Sqs) -> dict[str, str]:
    (request,) = sqs.sent
    return {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}


def test_a_dead_letter_carries_the_body_the_reason_and_the_times() -> None:
    sqs, bad = Sqs(), delivery("m", " {bad")
    assert send(sqs, bad)
    assert (sqs.sent[0]["QueueUrl"], sqs.sent[0]["MessageBody"]) == ("dead-letter-queue-url", " {bad")
    assert attributes(sqs) == {
        "reason": "a_reason",
        "detail": "why",
        "version": bad.version,
        "sent": "2023-11-14T22:13:20.000Z",
        "dead_lettered": "2023-11-14T22:13:29.000Z",
    }


def test_a_dead_bare_message_keeps_the_version_that_its_deliveries_had() -> None:
    sqs = Sqs()
    send(sqs, Delivery("m", "handle", "{", None, 5, 1, 5))
    assert attributes(sqs)["version"] == version_of_bare_message("m", 5)


@pytest.mark.parametrize(
    ("detail", "sent"),
    [("", "a_reason"), ("/a\x00b\ufffe\n", "/a\ufffdb\ufffd\n"), ("Ж😀", "Ж😀"), ("x" * 5000, "x" * 1024)],
)
def test_a_detail_is_never_empty_nor_too_long_and_has_only_characters_that_sqs_takes(detail: str, sent: str) -> None:
    sqs = Sqs()
    send(sqs, delivery("m"), detail)
    assert attributes(sqs)["detail"] == sent


def test_send_returns_false_when_sqs_did_not_take_the_dead_letter() -> None:
    assert not send(Sqs(ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage")), delivery("m"))


@pytest.mark.parametrize(("spare_bytes", "names"), [(20_000, 5), (1_000, 4), (80, 2), (40, 1)])
def test_beside_a_body_near_the_limit_only_some_attributes_are_sent_and_always_the_reason(
    spare_bytes: int, names: int
) -> None:
    sqs = Sqs()
    assert send(sqs, delivery("m", "x" * (MESSAGE_BYTES_MAX - spare_bytes)), "y" * 1024)
    sent = attributes(sqs)
    assert sent["reason"] == "a_reason"
    assert len(sent) == names
    size = sum(len(name) + len("String") + len(text) for name, text in sent.items())
    assert size <= spare_bytes


def test_an_invalid_version_is_not_copied_to_the_dead_letter() -> None:
    sqs = Sqs()
    send(sqs, Delivery("m", "handle", "{", "x" * 100_000, 5, 1, 5))
    assert attributes(sqs)["version"] == version_of_bare_message("m", 5)
