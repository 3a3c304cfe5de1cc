"""CONTRIBUTING's recipes work as written: applied to a copy of the project, under uvicorn and on Lambda."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from dev.paths import ROOT
from tests.harness.failing_sqs import FailingSqs
from tests.harness.ports import free_ports
from tests.harness.waiting import eventually

_FOLDERS = ("api", "consumer", "records", "telemetry", "ops", "dev", "docs", "openapi")
_ASK_LAMBDA = """
import json, sys
from api.aws_lambda import handler
print(json.dumps([handler(event, None)["statusCode"] for event in json.loads(sys.argv[1])]))
"""
_KEY = {"x-api-key": "open sesame"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project after every recipe."""
    copy = tmp_path_factory.mktemp("project")
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for file in [*ROOT.glob("*.md"), *(ROOT / name for name in ("LICENSE", "template.yaml", "pyproject.toml"))]:
        shutil.copy(file, copy)
    patches = re.findall(r"^```diff\n(.+?)^```", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(patches) == 6
    git = shutil.which("git") or "git"
    for patch in patches:
        applied = subprocess.run(
            [git, "apply", "-"], cwd=copy, input=patch, capture_output=True, text=True, check=False
        )
        assert applied.returncode == 0, f"{applied.stderr}\n{patch}"
    return copy


@pytest.fixture(scope="module")
def sqs() -> Iterator[FailingSqs]:
    server = FailingSqs(seed=0, hang_seconds=0)
    server.healthy = True
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def environment(sqs: FailingSqs) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RECORD_", "PYTHON"))}
    return kept | {
        "AWS_ENDPOINT_URL": sqs.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "RECORD_QUEUE_URL": f"{sqs.url}/1/records",
        "RECORD_DEAD_LETTER_QUEUE_URL": f"{sqs.url}/1/dead-letters",
        "RECORD_TABLE_NAME": "records",
        "RECORD_TABLE_KEY": "id:S",
        "API_KEY_SHA256": hashlib.sha256(_KEY["x-api-key"].encode()).hexdigest(),
    }


@pytest.fixture(scope="module", params=["", "/prefix"], ids=["plain", "root-path"])
def url(project: Path, environment: dict[str, str], request: pytest.FixtureRequest) -> Iterator[str]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", port, "--root-path", request.param]
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}"

            def answers() -> bool:
                with suppress(httpx.TransportError):
                    return bool(httpx.get(address).status_code)
                return False

            eventually(answers)
            yield address
        finally:
            server.terminate()


def test_the_authentication_guards_reading_and_ingestion_alike(url: str) -> None:
    assert httpx.post(f"{url}/records", json={"id": "1"}).json()["code"] == "api_key_invalid"
    assert httpx.get(f"{url}/health").json()["code"] == "api_key_invalid"
    assert httpx.post(f"{url}/records", json={"id": "1"}, headers=_KEY).status_code == 202
    assert httpx.get(f"{url}/health", headers=_KEY).status_code == 200


def test_the_middleware_sees_every_answer(url: str) -> None:
    answers = [
        httpx.post(f"{url}/records", json={"id": "1"}, headers=_KEY),
        httpx.post(f"{url}/records", json={"id": "1"}),
        httpx.get(f"{url}/health", headers=_KEY),
        httpx.get(f"{url}/nowhere", headers=_KEY),
    ]
    assert [answer.headers["x-served-by"] for answer in answers] == ["forebay"] * 4


def test_the_validation_rule_refuses_a_record_with_its_code_and_its_pointer(url: str) -> None:
    refused = httpx.post(f"{url}/records", json=[{"id": "1"}, {"id": "2", "temperature": "warm"}], headers=_KEY)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (422, "temperature_invalid")
    assert (error["index"], error["pointer"]) == (1, "/temperature")


def test_the_route_is_in_the_openapi_document_with_the_key_that_it_needs(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    for operation in (paths["/table"]["get"], paths["/records"]["post"]):
        assert "x-api-key" in [parameter["name"] for parameter in operation["parameters"]]


def test_the_authentication_guards_the_function_on_lambda(project: Path, environment: dict[str, str]) -> None:
    def event(headers: dict[str, str]) -> dict[str, object]:
        http = {"method": "POST", "path": "/records", "sourceIp": "192.0.2.1"}
        return {
            "version": "2.0",
            "rawPath": "/records",
            "rawQueryString": "",
            "headers": {"host": "x", "content-type": "application/json", **headers},
            "requestContext": {"http": http, "stage": "$default"},
            "body": '{"id":"1"}',
            "isBase64Encoded": False,
        }

    command = [sys.executable, "-c", _ASK_LAMBDA, json.dumps([event({}), event(_KEY)])]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [401, 202] in lines
    counts = [line for line in lines if isinstance(line, dict) and "_aws" in line]
    assert [count["requests"] for count in counts] == [1], "the recipe's metric is counted once, for the accepted one"


def test_the_copys_own_checks_of_docs_and_names_hold(project: Path) -> None:
    """What a recipe adds is documented as the tests of the project want it."""
    for folder in ("static", "harness"):
        shutil.copytree(ROOT / "tests" / folder, project / "tests" / folder)
    shutil.copy(ROOT / "tests" / "README.md", project / "tests")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    subprocess.run([sys.executable, "-m", "dev.openapi"], cwd=project, env=environment, check=True)
    files = [f"tests/static/{name}.py" for name in ("test_docs", "test_names", "test_openapi")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
