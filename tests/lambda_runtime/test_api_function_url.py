"""The API's built artefact under AWS's runtime client, behind a function URL (`Front=FunctionUrl`)."""

import json
from typing import Any

import pytest

from tests.lambda_runtime import events, function_url
from tests.lambda_runtime.aws import Aws
from tests.lambda_runtime.process import Process

_EVENT_BYTES_MAX = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: "6 MB each for request and response"."""
_RECORDS_MAX = 10_000


@pytest.fixture(scope="module")
def function() -> str:
    return "ApiFunction"


def answer_of(process: Process, event: dict[str, Any]) -> tuple[int, Any]:
    outcome = process.invoke(event)
    assert outcome.error is None
    return outcome.answer["statusCode"], events.content_of(outcome.answer)


def bodies(aws: Aws) -> list[str]:
    return [message["MessageBody"] for message in aws.messages["records"]]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "open"])
def test_a_record_is_accepted(warm: Process, aws: Aws, *, signed: bool) -> None:
    body = '{"id":"ж","temperature":21.5}'
    status, content = answer_of(warm, function_url.request("POST", "/records", body.encode(), signed=signed))
    assert (status, [receipt["id"] for receipt in content["records"]]) == (202, ["ж"])
    assert bodies(aws) == [body]


@pytest.mark.parametrize("compressed", [True, False], ids=["gzip", "plain"])
def test_a_body_which_arrives_as_base64_is_accepted(warm: Process, aws: Aws, *, compressed: bool) -> None:
    lines = b'{"id":"1"}\n{"id":"2"}\n'
    event = function_url.request("POST", "/records", lines, content_type="application/x-ndjson", compressed=compressed)
    assert event["isBase64Encoded"]
    assert answer_of(warm, event)[0] == 202
    assert bodies(aws) == ['{"id":"1"}', '{"id":"2"}']


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a%2Fb", "a/b"),
        ("a%20b", "a b"),
        ("100%25", "100%"),
        ("%2541", "%41"),
        ("what%3F", "what?"),
        ("a%23b", "a#b"),
        ("a+b", "a+b"),
        ("%D0%B6", "ж"),
    ],
)
def test_the_path_is_decoded_once(warm: Process, aws: Aws, path: str, key: str) -> None:
    aws.items[key] = {"id": {"S": key}}
    assert answer_of(warm, function_url.request("GET", f"/records/{path}")) == (200, {"id": key})


@pytest.mark.parametrize("path", ["/health", "/ready", "/buffer"])
def test_every_other_route_answers(warm: Process, aws: Aws, path: str) -> None:
    assert answer_of(warm, function_url.request("GET", path))[0] == 200


def test_records_are_accepted_with_a_slash_at_the_end(warm: Process, aws: Aws) -> None:
    assert answer_of(warm, function_url.request("POST", "/records/", b'{"id":"1"}'))[0] == 202
    assert bodies(aws) == ['{"id":"1"}']


@pytest.mark.parametrize("path", ["/records/a%2Fb", "/health", "/", "/nowhere"])
def test_head_has_the_status_and_the_headers_of_get_and_no_body(warm: Process, aws: Aws, path: str) -> None:
    aws.items["a/b"] = {"id": {"S": "a/b"}}
    got, headed = (function_url.request(method, path) for method in ("GET", "HEAD"))
    for event in (got, headed):
        event["headers"]["x-request-id"] = "one"
    answer = warm.invoke(got).answer
    assert answer["body"]
    assert warm.invoke(headed).answer == answer | {"body": "", "isBase64Encoded": False}


def test_the_root_leads_to_the_docs(warm: Process) -> None:
    answer = warm.invoke(function_url.request("GET", "/")).answer
    assert (answer["statusCode"], answer["headers"]["location"]) == (307, "/docs")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/records", 405), ("DELETE", "/records/1", 405), ("GET", "/nothing", 404)],
)
def test_what_an_http_api_would_not_pass_on_is_answered_with_a_problem(
    warm: Process, aws: Aws, method: str, path: str, status: int
) -> None:
    got, content = answer_of(warm, function_url.request(method, path))
    assert (got, content["status"]) == (status, status)
    assert aws.calls == []


def _full_body(event_bytes_max: int, *, as_base64: bool) -> tuple[bytes, dict[str, Any]]:
    """Ten thousand records, as large as they may be for an event that Lambda still accepts."""
    for filling in range(600, 0, -1):
        lines = [f'{{"id":"{number:05}","of":"{"x" * filling}"}}' for number in range(_RECORDS_MAX)]
        body = ("\n".join(lines) if as_base64 else f"[{','.join(lines)}]").encode()
        if len(body) > event_bytes_max:
            continue
        kind = "application/x-ndjson" if as_base64 else "application/json"
        event = function_url.request("POST", "/records", body, content_type=kind)
        if len(json.dumps(event)) <= event_bytes_max:
            return body, event
    raise AssertionError("no body fits")


@pytest.mark.parametrize("as_base64", [False, True], ids=["JSON", "NDJSON"])
def test_ten_thousand_records_in_the_largest_event_are_accepted_within_the_timeout(
    warm: Process, aws: Aws, *, as_base64: bool
) -> None:
    body, event = _full_body(_EVENT_BYTES_MAX, as_base64=as_base64)
    assert len(body) > 4_400_000  # what base64 leaves of six MB, as docs/clients says
    outcome = warm.invoke(event)
    assert outcome.answer["statusCode"] == 202
    receipts = events.content_of(outcome.answer)["records"]
    assert [receipt["id"] for receipt in receipts] == [f"{number:05}" for number in range(_RECORDS_MAX)]
    assert len(json.dumps(outcome.answer)) < _EVENT_BYTES_MAX
    assert len(bodies(aws)) == _RECORDS_MAX
    assert outcome.seconds < warm.timeout - 5
