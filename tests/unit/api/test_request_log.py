"""Around every request: its id, its line of log, and an answer whatever happens."""

import json
import logging
from typing import Any

import pytest

from api.logs import JsonLines
from api.request_log import request_id
from tests.unit.api.doubles import DynamoDb, Sqs, app_of, request

_REQUESTS = [("GET", "/health"), ("GET", "/nowhere"), ("PUT", "/records"), ("GET", "/docs")]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the API logged."""
    return [JsonLines().format(record) for record in caplog.records if record.name.startswith("api")]


@pytest.mark.parametrize(("method", "path"), _REQUESTS)
def test_every_answer_has_the_requests_id_and_so_has_the_log(
    method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "api")
    seen = []

    def note(record: logging.LogRecord) -> bool:
        if record.name.startswith("api"):
            seen.append(request_id.get())
        return True

    caplog.handler.addFilter(note)
    given = request(app_of(), method, path, headers={"x-request-id": "from-the-client.1"})
    made = request(app_of(), method, path)
    assert given.headers["x-request-id"] == "from-the-client.1"
    assert given.headers["x-content-type-options"] == "nosniff"
    assert len(made.headers["x-request-id"]) == 32
    assert seen == ["from-the-client.1", made.headers["x-request-id"]]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\x7fb", '{"a":1}'])
def test_an_id_that_could_forge_a_log_is_not_taken(given: str) -> None:
    answer = request(app_of(), "GET", "/health", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] != given


def test_an_error_that_nobody_expected_is_a_problem_and_no_content_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api")

    class Broken(DynamoDb):
        def get_item(self, **_request: Any) -> Any:
            raise ZeroDivisionError("secret of the record")

    answer = request(app_of(dynamodb=Broken({})), "GET", "/records/secret-id")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    assert any("ZeroDivisionError" in line for line in lines(caplog))
    assert not any("secret" in line for line in lines(caplog))


def test_no_record_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "api")
    headers = {"content-type": "application/json"}
    for sqs in (Sqs(), Sqs(*[lambda _: {"Failed": [{"Id": "0", "Code": "E", "SenderFault": True}]}] * 100)):
        for body in ('{"id":"secret","a":"secret"}', '{"secret":', '{"id":"secret","secret":1e126}'):
            request(app_of(sqs, seconds_max=0.1), "POST", "/records", content=body, headers=headers)
    assert len(lines(caplog)) >= 6
    assert not any("secret" in line for line in lines(caplog))


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/records", '{"id":1}', "records_invalid"),
        ("POST", "/records", "{", "json_malformed"),
        ("GET", "/records?id=a", "", "record_not_found"),
        ("GET", "/nowhere", "", "not_found"),
        ("PUT", "/records", "", "method_not_allowed"),
        ("POST", "/records", "[]", None),
    ],
)
def test_the_line_of_a_refused_request_has_the_code_of_its_answer(
    caplog: pytest.LogCaptureFixture, method: str, path: str, body: str, code: str | None
) -> None:
    caplog.set_level(logging.INFO, "api")
    answer = request(app_of(), method, path, content=body, headers={"content-type": "application/json"})
    (line,) = [record for record in caplog.records if record.message == "request"]
    assert vars(line)["code"] == code == answer.json().get("code")


def test_a_line_of_log_is_json() -> None:
    told = {"msg": "said %d", "args": (1,), "levelname": "INFO", "created": 1.5, "extra_field": "x"}
    assert json.loads(JsonLines().format(logging.makeLogRecord(told))) == {
        "timestamp": "1970-01-01T00:00:01.500Z",
        "level": "INFO",
        "message": "said 1",
        "extra_field": "x",
    }
