"""The function on Lambda: events in, the FastAPI app's answers out; and what a cold start leaves out."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from dev.paths import ROOT

_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "RECORD_QUEUE_URL": "http://127.0.0.1:1/records",
    "RECORD_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/dead-letters",
    "RECORD_TABLE_NAME": "records",
    "RECORD_TABLE_KEY": "id:S",
}
_ASK = """
import json, sys
from api.aws_lambda import handler
answers = [handler(event, None) for event in json.loads(sys.argv[1])]
print(json.dumps([[answer["statusCode"] for answer in answers], sorted(sys.modules)]))
"""


def event(method: str, path: str, body: str | None = None) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "x"},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


def ask(*events: dict[str, Any]) -> tuple[list[int], list[str]]:
    """The answers' statuses, and the modules that a new process has imported by then."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, json.dumps(events)],
        cwd=ROOT,
        env={**kept, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, modules = json.loads(done.stdout.splitlines()[-1])
    return statuses, modules


def test_a_request_that_sends_records_imports_no_boto3() -> None:
    # Nothing listens on the queue's port: the second request is answered so once its time is up.
    statuses, modules = ask(event("POST", "/records", '{"id":'), event("POST", "/records", '{"id":"1"}'))
    assert statuses == [400, 503]
    assert "boto3" not in modules


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", "/openapi.json", 200), ("PUT", "/records", 405), ("GET", "/nowhere", 404)],
)
def test_every_path_is_answered_by_the_same_app(method: str, path: str, status: int) -> None:
    assert ask(event(method, path))[0] == [status]
