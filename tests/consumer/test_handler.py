"""The handler: an SQS event in, the batch's failures out."""

from typing import Any

from consumer.drain import Drain
from consumer.handler import create_handler
from consumer.table import TableThrottled
from records.key import KeySchema
from records.version import version_of_bare_message
from tests.consumer.doubles import NOW_MS, DeadLetterQueue, Table

_VERSION = "018bcfe5-687b-7000-8000-000000000000"


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def sqs_record(message_id: str, body: str, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """As Lambda delivers it: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1700000000000",
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": "1700000000001",
        },
        "messageAttributes": attributes or {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:RecordQueue",
        "awsRegion": "us-east-1",
    }


def handle(table: Table, *records: dict[str, Any]) -> Any:
    handler = create_handler(Drain(table, DeadLetterQueue(), KeySchema(), lambda: NOW_MS))
    return handler({"Records": list(records)}, Context())


def test_messages_are_put_with_the_version_that_they_carry() -> None:
    table = Table()
    version = {"version": {"stringValue": _VERSION, "dataType": "String", "stringListValues": []}}
    answer = handle(table, sqs_record("m1", '{"id":"a"}', version), sqs_record("m2", '{"id":"b"}'))
    assert answer == {"batchItemFailures": []}
    assert table.records["a"].version == _VERSION
    assert table.records["b"].version == version_of_bare_message("m2", 1_700_000_000_000)


def test_what_was_not_put_is_reported_by_its_message_id() -> None:
    table = Table({"a": TableThrottled("slow down")})
    assert handle(table, sqs_record("m1", '{"id":"a"}')) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_version_that_is_not_text_is_no_version() -> None:
    table = Table()
    binary = {"version": {"binaryValue": "AA==", "dataType": "Binary", "stringListValues": []}}
    assert handle(table, sqs_record("m1", '{"id":"a"}', binary)) == {"batchItemFailures": []}
    assert table.records == {}
