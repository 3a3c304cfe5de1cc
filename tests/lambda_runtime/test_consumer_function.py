"""The consumer's built artefact under AWS's runtime client: the answers that the event source mapping gets."""

import json
from threading import Barrier
from typing import Any

import pytest

from consumer.drain import STOP_MS
from consumer.puts import PUTS_IN_FLIGHT_MAX
from records.version import is_version
from tests.lambda_runtime import events
from tests.lambda_runtime.aws import Aws
from tests.lambda_runtime.process import Process, Start


@pytest.fixture(scope="module")
def function() -> str:
    return "ConsumerFunction"


_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_STOP_SECONDS = STOP_MS / 1000
"""With less time left than this, an invocation begins no put."""
_BATCH = {f"m{number}": f'{{"id":"{number}"}}' for number in range(10)}


def returned(process: Process, event: dict[str, Any], seconds: float | None = None) -> list[str]:
    """The message ids that the invocation reports as failures."""
    outcome = process.invoke(event, seconds)
    assert outcome.error is None
    return [failure["itemIdentifier"] for failure in outcome.answer["batchItemFailures"]]


def test_the_first_batch_is_put_with_its_versions_and_no_message_is_a_failure(start: Start, aws: Aws) -> None:
    with start() as process:
        assert returned(process, events.sqs({"m1": '{"id":"1","a":1.5}'}, _VERSION)) == []
        assert returned(process, events.sqs({"m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}
    assert aws.items["1"]["a"] == {"N": "1.5"}
    versions = [aws.items[key]["_forebay"]["M"]["version"]["S"] for key in "12"]
    assert versions[0] == _VERSION
    assert is_version(versions[1])


def test_a_message_that_can_never_be_put_is_dead_lettered_and_those_beside_it_are_put(warm: Process, aws: Aws) -> None:
    assert returned(warm, events.sqs({"m1": '{"id":"1"}', "bad": '{"id":', "m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}
    (letter,) = aws.messages["dead-letters"]
    assert letter["MessageBody"] == '{"id":'
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "json_malformed"
    assert [deleted["ReceiptHandle"] for deleted in aws.called("DeleteMessage")] == ["receipt of bad"]


def test_only_messages_that_were_not_put_are_failures_of_the_batch(warm: Process, aws: Aws) -> None:
    aws.hot = {"3", "7"}
    assert sorted(returned(warm, events.sqs(_BATCH))) == ["m3", "m7"]
    assert aws.items.keys() == {"0", "1", "2", "4", "5", "6", "8", "9"}
    (hidden,) = aws.called("ChangeMessageVisibilityBatch")
    assert all(entry["VisibilityTimeout"] >= 1 for entry in hidden["Entries"])
    assert sorted(entry["ReceiptHandle"] for entry in hidden["Entries"]) == ["receipt of m3", "receipt of m7"]


def test_after_the_first_put_of_a_batch_several_are_in_flight_at_the_same_time(warm: Process, aws: Aws) -> None:
    aws.together = Barrier(PUTS_IN_FLIGHT_MAX)
    bodies = {f"m{number}": f'{{"id":"{number}"}}' for number in range(1 + 2 * PUTS_IN_FLIGHT_MAX)}
    assert returned(warm, events.sqs(bodies)) == []
    assert len(aws.items) == len(bodies)


def test_an_invocation_with_too_little_time_puts_nothing_and_returns_every_message(warm: Process, aws: Aws) -> None:
    assert sorted(returned(warm, events.sqs(_BATCH), _STOP_SECONDS - 1)) == sorted(_BATCH)
    assert aws.called("PutItem") == []


def test_a_throttled_invocation_hides_its_messages_in_one_request_and_ends_without_a_second_try(
    start: Start, aws: Aws
) -> None:
    aws.throttling = True
    with start() as process:
        assert sorted(returned(process, events.sqs(_BATCH))) == sorted(_BATCH)
    assert len(aws.called("PutItem")) == 1
    (hidden,) = aws.called("ChangeMessageVisibilityBatch")
    assert len(hidden["Entries"]) == len(_BATCH)


def test_a_cold_environment_that_meets_a_backlog_of_deferred_messages_puts_nothing_and_defers_the_batch(
    start: Start, aws: Aws
) -> None:
    aws.in_flight = 100_000
    with start() as process:
        assert sorted(returned(process, events.sqs(_BATCH))) == sorted(_BATCH)
    assert (len(aws.called("GetQueueAttributes")), len(aws.called("DescribeTable"))) == (1, 1)
    assert aws.called("PutItem") == []
    (hidden,) = aws.called("ChangeMessageVisibilityBatch")
    assert len({entry["VisibilityTimeout"] for entry in hidden["Entries"]}) == 1


def test_an_invocation_ends_before_its_timeout_when_aws_does_not_answer_and_the_process_goes_on(
    warm: Process, aws: Aws
) -> None:
    aws.silent = {"AmazonSQS", "DynamoDB_20120810"}
    seconds = _STOP_SECONDS + 1
    outcome = warm.invoke(events.sqs(_BATCH), seconds)
    assert len(outcome.answer["batchItemFailures"]) == len(_BATCH)
    assert outcome.seconds < seconds - 2
    aws.reset()
    assert returned(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    assert aws.items.keys() == {"1"}
    assert warm.alive


def test_connections_that_aws_closed_while_the_process_was_frozen_cause_no_failure(warm: Process, aws: Aws) -> None:
    assert returned(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    aws.close_connections()
    assert returned(warm, events.sqs({"m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}


def test_an_event_that_is_not_a_batch_is_an_error_and_the_process_goes_on(warm: Process, aws: Aws) -> None:
    outcome = warm.invoke({"key": "value"})
    assert (outcome.answer, outcome.error["errorType"]) == (None, "KeyError")
    assert returned(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    assert warm.alive


def test_log_lines_are_json_objects_without_record_contents(warm: Process, aws: Aws) -> None:
    secret = "4f9d2c"
    aws.hot = {f"{secret}-hot"}
    bodies = {"m1": f'{{"id":"{secret}","of":"{secret}"}}', "m2": f'{{"id":"{secret}-hot"}}', "m3": f'{{"{secret}":'}
    outcome = warm.invoke(events.sqs(bodies))
    lines = warm.lines()
    assert aws.items.keys() == {secret}
    assert {"dead_lettered", "key_throttled"} <= {line.get("message") for line in lines}
    # Lines that are logged when the process starts belong to no request.
    assert {line["requestId"] for line in lines if "message" in line} - {""} == {outcome.request_id}
    assert secret not in json.dumps(lines)


def test_every_batch_writes_its_metrics_as_one_line_in_the_embedded_metric_format(warm: Process, aws: Aws) -> None:
    aws.hot = {"3"}
    warm.invoke(events.sqs(_BATCH | {"m9": "{"}))
    (line,) = [line for line in warm.lines() if "_aws" in line]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], line["table"]) == ("Forebay", [["table"]], "records")
    assert {metric["Name"] for metric in directive["Metrics"]} == line.keys() - {"_aws", "table"}
    assert (line["puts"], line["key_throttled"], line["dead_lettered"]) == (8, 1, 1)
