"""Dead letters: the body untouched, the reason attached."""

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


def letter(sqs: Sqs, sent: Delivery, detail: str = "why") -> bool:
    return DeadLetterSender(cast("SQSClient", sqs), "dead-letter-queue-url", lambda: NOW_MS).send(
        sent, "a_reason", detail
    )


def attributes(sqs: Sqs) -> dict[str, str]:
    (request,) = sqs.sent
    return {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}


def test_a_dead_letter_carries_the_body_the_reason_and_the_times() -> None:
    sqs, bad = Sqs(), delivery("m", " {bad")
    assert letter(sqs, bad)
    assert (sqs.sent[0]["QueueUrl"], sqs.sent[0]["MessageBody"]) == ("dead-letter-queue-url", " {bad")
    assert attributes(sqs) == {
        "reason": "a_reason",
        "detail": "why",
        "version": bad.version,
        "sent": "2023-11-14T22:13:20.000Z",
        "dead_lettered": "2023-11-14T22:13:29.000Z",
    }


def test_a_bare_message_keeps_the_version_that_it_would_have_had() -> None:
    sqs = Sqs()
    letter(sqs, Delivery("m", "handle", "{", None, 5, 1))
    assert attributes(sqs)["version"] == version_of_bare_message("m", 5)


@pytest.mark.parametrize(
    ("detail", "sent"),
    [("", "a_reason"), ("/a\x00b\ufffe\n", "/a\ufffdb\ufffd\n"), ("Ж😀", "Ж😀"), ("x" * 5000, "x" * 1024)],
)
def test_a_detail_is_made_fit_for_an_attribute(detail: str, sent: str) -> None:
    sqs = Sqs()
    letter(sqs, delivery("m"), detail)
    assert attributes(sqs)["detail"] == sent


def test_a_dead_letter_that_could_not_be_sent_is_said() -> None:
    assert not letter(Sqs(ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage")), delivery("m"))


@pytest.mark.parametrize(("room", "names"), [(20_000, 5), (1_000, 4), (80, 2), (40, 1)])
def test_a_body_near_the_limit_keeps_what_fits_and_its_reason_longest(room: int, names: int) -> None:
    sqs = Sqs()
    assert letter(sqs, delivery("m", "x" * (MESSAGE_BYTES_MAX - room)), "y" * 1024)
    told = attributes(sqs)
    assert told["reason"] == "a_reason"
    assert len(told) == names
    size = sum(len(name) + len("String") + len(text) for name, text in told.items())
    assert size <= room


def test_a_version_that_is_none_is_not_carried_on() -> None:
    sqs = Sqs()
    letter(sqs, Delivery("m", "handle", "{", "x" * 100_000, 5, 1))
    assert attributes(sqs)["version"] == version_of_bare_message("m", 5)
