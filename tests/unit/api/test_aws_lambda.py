"""The function on Lambda: what a cold start imports, and that every route answers."""

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
from dev.paths import ROOT
answers = [handler(event, None) for event in json.loads(sys.argv[1])]
large = {"fastapi", "boto3", "botocore"} & set(sys.modules)
print(json.dumps([[answer["statusCode"] for answer in answers], sorted(large)]))
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


def ask(*events: dict[str, Any], **environment: str) -> tuple[list[int], list[str]]:
    """The answers' statuses, and what of the large libraries a new process has imported by then."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, json.dumps(events)],
        cwd=ROOT,
        env={**kept, **_ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, imported = json.loads(done.stdout.splitlines()[-1])
    return statuses, imported


def test_a_request_for_records_imports_neither_fastapi_nor_boto3() -> None:
    # Nobody is at home on the queue's port: the answer says so once its time is up.
    assert ask(event("POST", "/records", '{"id":'), event("POST", "/records", '{"id":"1"}')) == ([400, 503], [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", "/openapi.json", 200), ("PUT", "/records", 405), ("GET", "/nowhere", 404)],
)
def test_every_other_request_gets_its_answer(method: str, path: str, status: int) -> None:
    assert ask(event(method, path), event("POST", "/records", "")) == ([status, 400], ["fastapi"])


def test_a_snapshot_holds_everything() -> None:
    """SnapStart's credentials come later and are botocore's to find: the snapshot has it imported."""
    _, imported = ask(AWS_LAMBDA_INITIALIZATION_TYPE="snap-start", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert imported == ["botocore", "fastapi"]
