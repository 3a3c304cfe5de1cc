"""The record queue: the calls to SQS. A call that fails is logged and not raised."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from consumer.delivery import Delivery
from consumer.queue import DeliveryQueue
from records.version import version_of_bare_message
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Sqs:
    def __init__(self, error: Exception | None = None, **answer: Any) -> None:
        self.error = error
        self.answer = answer
        self.requests: list[dict[str, Any]] = []

    def _call(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.error:
            raise self.error
        return self.answer

    change_message_visibility_batch = send_message = delete_message = get_queue_attributes = _call


def queue(sqs: Sqs) -> DeliveryQueue:
    return DeliveryQueue(cast("SQSClient", sqs), "queue-url")


def test_each_message_is_hidden_for_its_own_time() -> None:
    sqs = Sqs()
    queue(sqs).hide([(delivery("a"), 5), (delivery("b"), 300)])
    assert sqs.requests == [
        {
            "QueueUrl": "queue-url",
            "Entries": [
                {"Id": "0", "ReceiptHandle": "handle of a", "VisibilityTimeout": 5},
                {"Id": "1", "ReceiptHandle": "handle of b", "VisibilityTimeout": 300},
            ],
        }
    ]


def test_the_depth_is_what_sqs_says_of_the_queue() -> None:
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
    )
    sqs = Sqs(Attributes={name: str(n) for n, name in enumerate(names)})
    assert queue(sqs).depth() == QueueDepth(visible=0, delayed=1, in_flight=2)
    assert sqs.requests == [{"QueueUrl": "queue-url", "AttributeNames": names}]


def test_a_re_enqueued_message_has_the_same_body_and_the_same_version() -> None:
    sqs, old = Sqs(), delivery("a", ' {"id":"a", "n": 1.50}')
    assert queue(sqs).renew(old, 300)
    assert sqs.requests == [
        {
            "QueueUrl": "queue-url",
            "MessageBody": ' {"id":"a", "n": 1.50}',
            "MessageAttributes": {"version": {"DataType": "String", "StringValue": old.version}},
            "DelaySeconds": 300,
        }
    ]


@pytest.mark.parametrize("version", [None, "", "not a version"])
def test_a_re_enqueued_message_without_a_valid_version_gets_the_one_made_from_its_id_and_time(
    version: str | None,
) -> None:
    sqs = Sqs()
    queue(sqs).renew(Delivery("m", "handle", "{}", version, 5, 50, 5), 1)
    assert sqs.requests[0]["MessageAttributes"]["version"]["StringValue"] == version_of_bare_message("m", 5)


def test_a_message_is_deleted_by_its_receipt_handle() -> None:
    sqs = Sqs()
    queue(sqs).delete(delivery("a"))
    assert sqs.requests == [{"QueueUrl": "queue-url", "ReceiptHandle": "handle of a"}]


_ERRORS = [
    ClientError({"Error": {"Code": "RequestThrottled"}}, "SendMessage"),
    ReadTimeoutError(endpoint_url=""),
]


@pytest.mark.parametrize("error", _ERRORS)
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda queue: queue.hide([(delivery("a"), 5)]), "hide_failed"),
        (lambda queue: queue.depth(), "depth_failed"),
        (lambda queue: queue.renew(delivery("a"), 5), "renew_failed"),
        (lambda queue: queue.delete(delivery("a")), "delete_failed"),
    ],
)
def test_a_failed_call_is_logged_and_not_raised(
    error: Exception, call: Callable[[DeliveryQueue], object], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "consumer"):
        assert not call(queue(Sqs(error)))
    assert caplog.messages == [message]


def test_a_message_in_a_batch_that_could_not_be_hidden_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    failed = [{"Id": "0", "SenderFault": True, "Code": "MessageNotInflight"}]
    with caplog.at_level(logging.INFO, "consumer"):
        queue(Sqs(Failed=failed)).hide([(delivery("a"), 5), (delivery("b"), 5)])
    (record,) = caplog.records
    assert (record.message, record.__dict__["messages"], record.__dict__["cause"]) == (
        "hide_failed",
        1,
        "MessageNotInflight",
    )
