"""The OpenAPI document against the running API: true under hostile requests, and good to generate a client from."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from dev.console.screenshot import BrowserMissing, browser, chromium
from dev.paths import ROOT
from tests.harness.stack import Stack

DOCUMENT = ROOT / "openapi" / "openapi.json"
BIN = Path(sys.executable).parent
_HERE = Path(__file__).resolve().parent


def test_schemathesis_finds_nothing_with_all_checks_on(stack: Stack, tmp_path: Path) -> None:
    configuration = _HERE / "schemathesis" / "schemathesis.toml"
    command: list[str | Path] = [BIN / "schemathesis", "--config-file", configuration, "run", DOCUMENT]
    options = ["--checks", "all", "--max-examples", "60", "--continue-on-failure", "--no-color"]
    done = subprocess.run(
        [*command, "--url", stack["API_URL"], *options],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(_HERE / "schemathesis")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:]
    assert "No issues found" in done.stdout, done.stdout[-2000:]


def test_a_generated_client_works(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate: list[str | Path] = [
        BIN / "openapi-python-client",
        "generate",
        "--path",
        DOCUMENT,
        "--output-path",
        tmp_path / "client",
    ]
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # it formats the generated code
    subprocess.run(generate, env=environment, check=True, capture_output=True)
    monkeypatch.syspath_prepend(str(tmp_path / "client"))

    def part(name: str) -> Any:
        return importlib.import_module(f"forebay_client.{name}")

    with part("client").Client(base_url=stack["API_URL"]) as client:
        _use(client, part)


def _use(client: Any, part: Callable[[str], Any]) -> None:
    accept, read = (part(f"api.records.{name}") for name in ("accept_records", "read_record"))
    buffer = part("api.buffer.read_buffer")
    record = part("models.record").Record.from_dict({"id": "generated", "temperature": 21.5})
    accepted = accept.sync(client=client, body=record, idempotency_key="generated-1")
    assert [receipt.id for receipt in accepted.records] == ["generated"]
    deadline = time.monotonic() + 20
    while (got := read.sync(id="generated", client=client)).to_dict().get("status") == 404:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert got.to_dict() == {"id": "generated", "temperature": 21.5}
    several = [part("models.record").Record.from_dict({"id": f"generated-{n}"}) for n in range(3)]
    assert len(accept.sync(client=client, body=several).records) == 3
    assert buffer.sync(client=client).drain.write_capacity_units == 1000
    problem = accept.sync(client=client, body=part("models.record").Record.from_dict({"id": ""}))
    assert (problem.status, problem.code, problem.errors[0].pointer) == (422, "records_invalid", "/id")


def test_the_docs_page_needs_no_other_host(stack: Stack) -> None:
    page = httpx.get(f"{stack['API_URL']}/docs")
    assert page.status_code == 200
    links = [part.split('"')[0] for attribute in ('src="', 'href="') for part in page.text.split(attribute)[1:]]
    assert links
    assert "openapi.json" in page.text
    for link in links:
        assert link.startswith("/"), link
        assert httpx.get(f"{stack['API_URL']}{link}").status_code == 200
    assert httpx.get(f"{stack['API_URL']}/openapi.json").json()["info"]["title"] == "Forebay"


def test_trying_it_out_on_the_docs_page_fills_in_no_idempotency_key_and_two_tries_are_two_records(stack: Stack) -> None:
    try:
        chromium()
    except BrowserMissing as error:
        pytest.skip(str(error))
    with browser() as opened:
        page = opened.new_page()
        page.goto(stack["API_URL"])  # which leads to /docs
        operation = page.locator("#operations-records-accept_records")
        operation.get_by_role("button", name="Accept records").first.click()
        operation.get_by_role("button", name="Try it out").click()
        expect(operation.get_by_placeholder("Idempotency-Key")).to_have_value("")
        operation.locator("textarea").fill("{}")
        ids = set()
        for _ in range(2):
            with page.expect_response(f"{stack['API_URL']}/records") as answer:
                operation.get_by_role("button", name="Execute").click()
            assert answer.value.status == 202
            ids |= {receipt["id"] for receipt in answer.value.json()["records"]}
        assert len(ids) == 2
