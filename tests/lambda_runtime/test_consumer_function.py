"""The consumer's built artefact under AWS's runtime client: what the event source mapping gets of it."""

import json
from typing import Any

import pytest

from consumer.drain import STOP_MS
from records.version import is_version
from tests.lambda_runtime import events
from tests.lambda_runtime.aws import Aws
from tests.lambda_runtime.conftest import Start
from tests.lambda_runtime.process import Process


@pytest.fixture(scope="module")
def function() -> str:
    return "ConsumerFunction"


_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_STOP_SECONDS = STOP_MS / 1000
"""Left to an invocation when it begins nothing more."""
_BATCH = {f"m{number}": f'{{"id":"{number}"}}' for number in range(10)}


def given_back(process: Process, event: dict[str, Any], seconds: float | None = None) -> list[str]:
    """The message ids that the invocation reports as failures."""
    outcome = process.invoke(event, seconds)
    assert outcome.error is None
    return [failure["itemIdentifier"] for failure in outcome.answer["batchItemFailures"]]


def test_the_first_batch_is_put_with_its_versions_and_nothing_is_given_back(start: Start, aws: Aws) -> None:
    with start() as process:
        assert given_back(process, events.sqs({"m1": '{"id":"1","a":1.5}'}, _VERSION)) == []
        assert given_back(process, events.sqs({"m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}
    assert aws.items["1"]["a"] == {"N": "1.5"}
    versions = [aws.items[key]["_forebay"]["M"]["version"]["S"] for key in "12"]
    assert versions[0] == _VERSION
    assert is_version(versions[1])


def test_a_message_that_can_never_be_put_is_dead_lettered_and_those_beside_it_are_put(warm: Process, aws: Aws) -> None:
    assert given_back(warm, events.sqs({"m1": '{"id":"1"}', "bad": '{"id":', "m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}
    (letter,) = aws.messages["dead-letters"]
    assert letter["MessageBody"] == '{"id":'
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "json_malformed"
    assert [deleted["ReceiptHandle"] for deleted in aws.called("DeleteMessage")] == ["receipt of bad"]


def test_only_what_was_not_put_is_among_the_batchs_failures(warm: Process, aws: Aws) -> None:
    aws.hot = {"3", "7"}
    assert sorted(given_back(warm, events.sqs(_BATCH))) == ["m3", "m7"]
    assert aws.items.keys() == {"0", "1", "2", "4", "5", "6", "8", "9"}
    (hidden,) = aws.called("ChangeMessageVisibilityBatch")
    assert sorted(entry["ReceiptHandle"] for entry in hidden["Entries"]) == ["receipt of m3", "receipt of m7"]


def test_an_invocation_whose_time_is_nearly_up_gives_everything_back_and_puts_nothing(warm: Process, aws: Aws) -> None:
    assert sorted(given_back(warm, events.sqs(_BATCH), _STOP_SECONDS - 1)) == sorted(_BATCH)
    assert aws.called("PutItem") == []


def test_an_invocation_that_the_table_throttles_gives_back_what_it_could_not_put_before_it_is_cut_off(
    start: Start, aws: Aws
) -> None:
    aws.throttling = True
    seconds = _STOP_SECONDS + 1.5
    with start() as process:
        outcome = process.invoke(events.sqs(_BATCH), seconds)
    assert len(outcome.answer["batchItemFailures"]) == len(_BATCH)
    assert outcome.seconds < seconds - 5
    assert aws.called("PutItem")


def test_an_invocation_that_nobody_answers_is_not_cut_off_and_the_process_goes_on(warm: Process, aws: Aws) -> None:
    aws.silent = {"AmazonSQS", "DynamoDB_20120810"}
    seconds = _STOP_SECONDS + 1
    outcome = warm.invoke(events.sqs(_BATCH), seconds)
    assert len(outcome.answer["batchItemFailures"]) == len(_BATCH)
    assert outcome.seconds < seconds - 2
    aws.reset()
    assert given_back(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    assert aws.items.keys() == {"1"}
    assert warm.alive


def test_connections_that_aws_closed_while_the_process_was_frozen_give_nothing_back(warm: Process, aws: Aws) -> None:
    assert given_back(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    aws.close_connections()
    assert given_back(warm, events.sqs({"m2": '{"id":"2"}'})) == []
    assert aws.items.keys() == {"1", "2"}


def test_what_is_no_batch_is_an_error_and_the_process_goes_on(warm: Process, aws: Aws) -> None:
    outcome = warm.invoke({"key": "value"})
    assert (outcome.answer, outcome.error["errorType"]) == (None, "KeyError")
    assert given_back(warm, events.sqs({"m1": '{"id":"1"}'})) == []
    assert warm.alive


def test_lines_of_log_are_json_objects_that_hold_nothing_of_a_record(warm: Process, aws: Aws) -> None:
    secret = "4f9d2c"
    aws.hot = {f"{secret}-hot"}
    bodies = {"m1": f'{{"id":"{secret}","of":"{secret}"}}', "m2": f'{{"id":"{secret}-hot"}}', "m3": f'{{"{secret}":'}
    outcome = warm.invoke(events.sqs(bodies))
    lines = warm.lines()
    assert aws.items.keys() == {secret}
    assert {"drained", "dead_lettered", "key_throttled"} <= {line.get("message") for line in lines}
    # What is said when the process starts belongs to no request.
    assert {line["requestId"] for line in lines if "message" in line} - {""} == {outcome.request_id}
    assert secret not in json.dumps(lines)


def test_every_batch_leaves_its_counts_in_a_line_of_the_embedded_metric_format(warm: Process, aws: Aws) -> None:
    aws.hot = {"3"}
    warm.invoke(events.sqs(_BATCH | {"m9": "{"}))
    (line,) = [line for line in warm.lines() if "_aws" in line]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], line["table"]) == ("Forebay", [["table"]], "records")
    assert {metric["Name"] for metric in directive["Metrics"]} == line.keys() - {"_aws", "table"}
    assert (line["puts"], line["key_throttled"], line["dead_lettered"]) == (8, 1, 1)
