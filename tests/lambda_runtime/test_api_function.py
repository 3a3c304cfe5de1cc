"""The API's built artefact under AWS's runtime client: the answers that HTTP API gets."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.lambda_runtime import events
from tests.lambda_runtime.aws import RESTORED_ACCESS_KEY, RESTORED_TOKEN, Aws
from tests.lambda_runtime.process import ACCESS_KEY, Process, Start


@pytest.fixture(scope="module")
def function() -> str:
    return "ApiFunction"


_UNTIL_KNOWN = 5000
"""Requests within which SQS's answer arrives, beside them."""
_RECORD = '{"id":"42","temperature":21.5}'


def answer_of(process: Process, event: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """The answer that HTTP API sends to the client: status, content and headers."""
    outcome = process.invoke(event)
    assert outcome.error is None
    return outcome.answer["statusCode"], events.content_of(outcome.answer), outcome.answer["headers"]


def bodies(aws: Aws) -> list[str]:
    return [message["MessageBody"] for message in aws.messages["records"]]


def test_the_first_answer_has_a_receipt_for_each_record_and_the_messages_are_in_the_queue(
    start: Start, aws: Aws
) -> None:
    with start() as process:
        status, content, headers = answer_of(process, events.http("POST", "/records", f'[{_RECORD},{{"id":"43"}}]'))
    assert (status, headers["content-type"]) == (202, "application/json")
    assert [receipt["id"] for receipt in content["records"]] == ["42", "43"]
    sent = aws.messages["records"]
    assert [message["MessageBody"] for message in sent] == [_RECORD, '{"id":"43"}']
    versions = [message["MessageAttributes"]["version"]["StringValue"] for message in sent]
    assert versions == [receipt["version"] for receipt in content["records"]]
    assert {call.access_key for call in aws.calls} == {ACCESS_KEY}


def test_a_warm_process_sends_all_requests_over_one_connection_to_the_queue(warm: Process, aws: Aws) -> None:
    answers = [answer_of(warm, events.http("POST", "/records", _RECORD)) for _ in range(20)]
    assert [status for status, _, _ in answers] == [202] * 20
    assert bodies(aws) == [_RECORD] * 20
    # The request id is the name of the process and a number.
    assert len({headers["x-request-id"][:16] for _, _, headers in answers}) == 1
    assert len({call.connection for call in aws.calls}) == 1


def test_get_health_is_answered_with_ok(warm: Process) -> None:
    status, content, _ = answer_of(warm, events.http("GET", "/health"))
    assert (status, content) == (200, {"status": "ok"})


@pytest.mark.parametrize(("path", "status"), [("/ready", 200), ("/buffer", 200), ("/records/43", 404)])
def test_reads_use_the_boto3_of_the_runtime(warm: Process, aws: Aws, path: str, status: int) -> None:
    assert answer_of(warm, events.http("GET", path))[0] == status
    assert {call.access_key for call in aws.calls} == {ACCESS_KEY}


def read(path: str, query: str = "") -> dict[str, Any]:
    """With the path as the gateway has decoded it."""
    return events.http("GET", path) | {"rawQueryString": query, "pathParameters": {"proxy": path.removeprefix("/")}}


@pytest.mark.parametrize("key", ["42", "a/b", "a b", "a?b", "100%", "%41", "a%2Fb", "a+b", "a&b", "ж"])
def test_a_query_reads_any_key_exactly(warm: Process, aws: Aws, key: str) -> None:
    aws.items[key] = {"id": {"S": key}, "temperature": {"N": "21.5"}}
    status, content, _ = answer_of(warm, read("/records", urlencode({"id": key})))
    assert (status, content) == (200, {"id": key, "temperature": 21.5})


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        # By https://github.com/middleapi/standard-server/pull/93 everything is decoded.
        ("a/b", "a/b"),
        ("a b", "a b"),
        ("%41", "%41"),
        ("a%2Fb", "a%2Fb"),
        ("100%", "100%"),
        # By the emulator everything but %25 is.
        ("%41", "%2541"),
        ("a%2Fb", "a%252Fb"),
        ("100%", "100%25"),
    ],
)
def test_a_path_reads_the_record_that_was_meant_or_none_and_then_the_answer_names_the_query(
    warm: Process, aws: Aws, sent: str, arrives: str
) -> None:
    for key in ("a/b", "a b", "A", "%41", "%2541", "a%2Fb", "a%252Fb", "100%", "100%25"):
        aws.items[key] = {"id": {"S": key}}
    status, content, _ = answer_of(warm, read(f"/records/{arrives}"))
    if status == 200:
        assert content == {"id": sent}
    else:
        assert (status, content["code"]) == (404, "record_not_found")
        assert "GET /records?id=" in content["detail"]
    assert (status == 200) is ("%" not in arrives)


def root(method: str, path: str) -> dict[str, Any]:
    return events.http(method, path) | {"routeKey": f"{method} /"}


@pytest.mark.parametrize("path", ["/records", "/records/", "/v1/records/"])
@pytest.mark.parametrize("matched", ["records", "records/"])
def test_records_are_accepted_with_a_slash_at_the_end(warm: Process, aws: Aws, path: str, matched: str) -> None:
    event = events.http("POST", path, _RECORD) | {"pathParameters": {"proxy": matched}}
    assert answer_of(warm, event)[0] == 202
    assert bodies(aws) == [_RECORD]


@pytest.mark.parametrize(
    "path", ["/records/seen", "/records/none", "/buffer", "/ready", "/health", "/docs", "/", "/nowhere"]
)
def test_head_has_the_status_and_the_headers_of_get_and_no_body(warm: Process, aws: Aws, path: str) -> None:
    aws.items["seen"] = {"id": {"S": "seen"}}
    got, headed = (warm.invoke(_with_id(events.http(method, path))).answer for method in ("GET", "HEAD"))
    assert got["body"]
    assert headed == got | {"body": "", "isBase64Encoded": False}


def _with_id(event: dict[str, Any]) -> dict[str, Any]:
    event["headers"]["x-request-id"] = "one"
    return event


@pytest.mark.parametrize(
    ("path", "docs"), [("/", "/docs"), ("/v1", "/v1/docs"), ("/v1/", "/v1/docs"), ("/a/b/", "/a/b/docs")]
)
def test_the_root_leads_to_the_docs_below_the_path_of_a_custom_domain(warm: Process, path: str, docs: str) -> None:
    for method in ("GET", "HEAD"):
        answer = warm.invoke(root(method, path)).answer
        assert (answer["statusCode"], answer["headers"]["location"]) == (307, docs)
    page = warm.invoke(events.http("GET", docs) | {"pathParameters": {"proxy": "docs"}}).answer
    assert page["statusCode"] == 200
    assert f"url: '{docs.removesuffix('docs')}openapi.json'" in page["body"]


@pytest.mark.parametrize(("path", "matched"), [("/v1/records/seen", "records/seen"), ("/records/seen", "records/seen")])
def test_a_custom_domain_may_have_a_path_of_its_own_in_front(warm: Process, aws: Aws, path: str, matched: str) -> None:
    aws.items["seen"] = {"id": {"S": "seen"}}
    status, content, _ = answer_of(warm, read(path) | {"pathParameters": {"proxy": matched}})
    assert (status, content) == (200, {"id": "seen"})


def test_a_malformed_body_is_answered_with_a_problem_and_nothing_is_sent(warm: Process, aws: Aws) -> None:
    status, content, headers = answer_of(warm, events.http("POST", "/records", '{"id":"42",'))
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert content["status"] == 400
    assert content["code"] == "json_malformed"
    assert aws.calls == []


def test_a_gzip_body_which_arrives_as_base64_is_accepted(warm: Process, aws: Aws) -> None:
    status, content, _ = answer_of(warm, events.http("POST", "/records", _RECORD, compressed=True))
    assert (status, content["records"][0]["id"]) == (202, "42")
    assert bodies(aws) == [_RECORD]


def test_records_one_a_line_which_arrive_as_base64_are_accepted(warm: Process, aws: Aws) -> None:
    event = events.http("POST", "/records", '{"id":"1"}\n{"id":"2"}\n', content_type="application/x-ndjson")
    assert event["isBase64Encoded"]
    assert answer_of(warm, event)[0] == 202
    assert bodies(aws) == ['{"id":"1"}', '{"id":"2"}']


def test_connections_that_sqs_closed_while_the_process_was_frozen_cause_no_error(warm: Process, aws: Aws) -> None:
    first = answer_of(warm, events.http("POST", "/records", '{"id":"1"}'))[0]
    aws.close_connections()
    second = answer_of(warm, events.http("POST", "/records", '{"id":"2"}'))[0]
    assert (first, second) == (202, 202)
    assert bodies(aws) == ['{"id":"1"}', '{"id":"2"}']


def test_an_event_that_is_not_a_request_is_an_error_and_the_process_goes_on(warm: Process, aws: Aws) -> None:
    outcome = warm.invoke({"key": "value"})
    assert (outcome.answer, outcome.error["errorType"]) == (None, "RuntimeError")
    assert answer_of(warm, events.http("POST", "/records", _RECORD))[0] == 202
    assert warm.alive


def test_when_sqs_does_not_answer_the_client_gets_503_within_the_timeout_and_the_process_goes_on(
    warm: Process, aws: Aws
) -> None:
    aws.silent = {"AmazonSQS"}
    outcome = warm.invoke(events.http("POST", "/records", _RECORD))
    assert outcome.answer["statusCode"] == 503
    assert outcome.answer["headers"]["retry-after"]
    assert outcome.seconds < warm.timeout - 5
    aws.reset()
    assert answer_of(warm, events.http("POST", "/records", _RECORD))[0] == 202
    assert bodies(aws) == [_RECORD]
    assert warm.alive


def test_over_the_limit_of_the_backlog_requests_are_refused_and_asking_delays_none(start: Start, aws: Aws) -> None:
    aws.in_flight = 100_000
    began = time.monotonic()
    with start(BACKLOG_HOURS_MAX="1.5") as process:
        answers = [answer_of(process, events.http("POST", "/records", _RECORD))]
        while answers[-1][0] == 202 and len(answers) < _UNTIL_KNOWN:
            answers.append(answer_of(process, events.http("POST", "/records", _RECORD)))
    refused = [content for status, content, _ in answers if status == 429]
    assert answers[0][0] == 202
    assert {content["code"] for content in refused} == {"backlog_full"}
    assert answers[-1][0] == 429
    assert 1 <= len(aws.called("GetQueueAttributes")) <= 1 + (time.monotonic() - began) / 10
    assert len(bodies(aws)) == len(answers) - 1


def test_log_lines_are_json_objects_without_record_contents(warm: Process, aws: Aws) -> None:
    secret = "4f9d2c"
    for body in (f'{{"id":"{secret}","of":"{secret}"}}', f'{{"{secret}":', f'{{"id":"1","id":"{secret}"}}'):
        warm.invoke(events.http("POST", "/records", body))
    warm.invoke(events.http("GET", f"/records/{secret}"))
    lines = warm.lines()
    assert [line["status"] for line in lines if line.get("message") == "request"] == [400, 400, 404]
    # The other lines are metrics, in CloudWatch's embedded metric format.
    assert all("_aws" in line or {"level", "message", "request_id"} <= line.keys() for line in lines)
    assert secret not in json.dumps(lines)


def test_a_restored_snapshot_signs_with_the_credentials_of_after_the_restore(start: Start, aws: Aws) -> None:
    """With SnapStart the environment has no credentials, but the address of an endpoint that has them."""
    with start(
        AWS_LAMBDA_INITIALIZATION_TYPE="snap-start",
        AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY=None,
        AWS_SESSION_TOKEN=None,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{aws.url}/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN=RESTORED_TOKEN,
    ) as process:
        status, _, _ = answer_of(process, events.http("POST", "/records", _RECORD))
        assert process.api.restored.is_set()
    assert status == 202
    assert bodies(aws) == [_RECORD]
    assert {call.access_key for call in aws.calls} == {RESTORED_ACCESS_KEY}
