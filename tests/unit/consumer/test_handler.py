"""The handler: it gets an SQS event and returns the batch's failures."""

from typing import Any

import pytest

from consumer.delivery import Delivery
from consumer.handler import InvocationFailed, create_handler
from consumer.table import Put, TableUnavailable
from records.item import Provenance
from records.validation import Record
from records.version import version_of_bare_message
from tests.unit.consumer.doubles import Consumer, Context, Table, sqs_record

_VERSION = "018bcfe5-687b-7000-8000-000000000000"


def handle(table: Table, *records: dict[str, Any]) -> Any:
    return create_handler(Consumer(table).dependencies, lambda: None)({"Records": list(records)}, Context())


def test_messages_are_put_with_the_version_in_their_attribute() -> None:
    table = Table()
    version = {"version": {"stringValue": _VERSION, "dataType": "String", "stringListValues": []}}
    answer = handle(table, sqs_record("m1", '{"id":"a"}', version), sqs_record("m2", '{"id":"b"}'))
    assert answer == {"batchItemFailures": []}
    assert table.records["a"].version == _VERSION
    assert table.records["b"].version == version_of_bare_message("m2", 1_700_000_000_000)


def test_a_message_that_was_not_put_is_reported_by_its_id() -> None:
    table = Table({"a": TableUnavailable("InternalServerError")})
    assert handle(table, sqs_record("m1", '{"id":"a"}')) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_binary_version_is_invalid() -> None:
    table = Table()
    binary = {"version": {"binaryValue": "AA==", "dataType": "Binary", "stringListValues": []}}
    assert handle(table, sqs_record("m1", '{"id":"a"}', binary)) == {"batchItemFailures": []}
    assert table.records == {}


def test_a_delivery_is_read_from_a_record_of_the_event() -> None:
    version = {"version": {"stringValue": _VERSION, "dataType": "String"}}
    assert Delivery.of(sqs_record("m1", "{}", version)) == Delivery(
        message_id="m1",
        receipt_handle="handle",
        body="{}",
        version=_VERSION,
        sent_ms=1_700_000_000_000,
        receives=7,
        first_received_ms=1_700_000_000_001,
    )


def test_counts_are_flushed_at_the_end_of_every_invocation() -> None:
    flushed: list[str] = []
    handler = create_handler(
        Consumer(Table({"b": ZeroDivisionError()})).dependencies, lambda: flushed.append("flushed")
    )
    handler({"Records": [sqs_record("m1", '{"id":"a"}')]}, Context())
    assert len(flushed) == 1
    with pytest.raises(InvocationFailed):
        handler({"Records": [sqs_record("m2", '{"id":"b"}')]}, Context())
    assert len(flushed) == 2


def test_an_unexpected_error_fails_the_batch_and_its_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Table):
        def put(self, _record: Record, _provenance: Provenance) -> Put:
            raise ZeroDivisionError("secret of the record")

    drain = Consumer(Broken())
    with pytest.raises(InvocationFailed, match="ZeroDivisionError") as raised:
        create_handler(drain.dependencies, lambda: None)({"Records": [sqs_record("m", '{"id":"a"}')]}, Context())
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert "test_handler.py" in str([vars(line) for line in caplog.records])
    assert "secret" not in str([vars(line) for line in caplog.records])
