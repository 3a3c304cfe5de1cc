"""Real clients, with the configurations in docs/clients, against the running API."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.paths import ROOT
from tests.harness.stack import Stack
from tests.harness.syslog_ng import running_syslog_ng, send_lines
from tests.harness.waiting import eventually

CLIENTS = ROOT / "docs" / "clients"
_NODE_MODULES = ROOT / "tests" / "node" / "node_modules"


def items(stack: Stack, name: str, text: str) -> list[dict[str, Any]]:
    """The stored items whose attribute begins with that text."""
    return [item for item in stack.items() if str(item.get(name, {}).get("S", "")).startswith(text)]


def take_dead_letters(stack: Stack, taken: list[dict[str, str]]) -> bool:
    """Removes them from the queue: other tests expect it to be empty. Whether there are any by now."""
    sqs, url = stack.client("sqs"), stack["RECORD_DEAD_LETTER_QUEUE_URL"]
    answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    for letter in answer.get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
        attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
        taken.append({"body": letter["Body"], **attributes})
    return bool(taken)


def test_what_syslog_ng_sends_in_batches_is_stored_once(stack: Stack, tmp_path: Path) -> None:
    texts = [f'syslog-ng says {n} "Ж"' for n in range(250)]
    with running_syslog_ng(stack["API_URL"], tmp_path) as port:
        send_lines(port, texts)
        eventually(lambda: len(items(stack, "message", "syslog-ng says")) >= 250, 60)
    assert sorted(item["message"]["S"] for item in items(stack, "message", "syslog-ng says")) == sorted(texts)


def test_a_bad_line_among_good_ones_is_dead_lettered_and_costs_them_nothing(stack: Stack, tmp_path: Path) -> None:
    good = [json.dumps({"id": f"lenient-{n}", "message": f"good {n}"}) for n in range(100)]
    bad = '{"id": "lenient-bad", "message": "cut sh'
    with running_syslog_ng(stack["API_URL"], tmp_path, json_lines=True) as port:
        send_lines(port, [*good[:50], bad, *good[50:]])
        eventually(lambda: len(items(stack, "id", "lenient-")) >= 100, 60)
        letters: list[dict[str, str]] = []
        eventually(lambda: take_dead_letters(stack, letters))  # the console hides them while it reads them
    assert sorted(item["message"]["S"] for item in items(stack, "id", "lenient-")) == sorted(
        f"good {n}" for n in range(100)
    )
    assert [(letter["body"], letter["reason"]) for letter in letters] == [(bad, "json_malformed")]
    assert int(letters[0]["index"]) <= 100


def test_what_winston_sends_in_batches_is_stored_once(stack: Stack) -> None:
    node = shutil.which("node")
    if not node or not (_NODE_MODULES / "winston").exists():
        pytest.skip("winston needs Node.js, and npm to install it (make test does, where there is Node)")
    run = f"test-{time.time_ns()}"
    environment = {**os.environ, "NODE_PATH": str(_NODE_MODULES), "PORT": stack.port, "RUN": run}
    subprocess.run([node, CLIENTS / "winston.js"], env=environment, check=True, timeout=60)

    def stored() -> list[str]:
        return [item["n"]["N"] for item in items(stack, "run", run)]

    eventually(lambda: len(stored()) >= 25, 30)
    assert sorted(stored(), key=int) == [str(n) for n in range(25)]


_OTLP_RECORDS = [{"timeUnixNano": "1764400000000000001", "body": {"stringValue": f"otlp says {n}"}} for n in range(4)]
_OTLP_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
_ENVELOPES: dict[str, Any] = {
    "pino": {"logs": [{"level": 30, "msg": f"pino says {n}"} for n in range(3)]},
    "otlp": {
        "resourceLogs": [
            {
                "resource": _OTLP_RESOURCE,
                "scopeLogs": [{"logRecords": _OTLP_RECORDS[:1]}, {"scope": {}, "logRecords": []}],
            },
            {"resource": _OTLP_RESOURCE, "scopeLogs": [{"logRecords": _OTLP_RECORDS[1:]}]},
        ]
    },
}
_UNWRAPPED = {
    "pino": _ENVELOPES["pino"]["logs"],
    "otlp": [{**record, "resource": _OTLP_RESOURCE} for record in _OTLP_RECORDS],
}


def read(stack: Stack, record_id: str) -> Any:
    def stored() -> Any:
        answer = httpx.get(f"{stack['API_URL']}/records", params={"id": record_id})
        return answer.json() if answer.status_code == 200 else None

    return eventually(stored, 30)


@pytest.mark.parametrize("name", _ENVELOPES)
def test_an_envelope_is_one_record_and_the_line_of_the_docs_unwraps_it(stack: Stack, name: str, tmp_path: Path) -> None:
    whole = httpx.post(f"{stack['API_URL']}/records", json=_ENVELOPES[name]).json()["records"]
    assert [read(stack, receipt["id"]) for receipt in whole] == [{**_ENVELOPES[name], "id": whole[0]["version"]}]

    if not shutil.which("jq") or not shutil.which("curl"):
        pytest.skip("the line needs jq and curl")
    page = (CLIENTS / "README.md").read_text()
    (line,) = re.findall(rf"^jq [^\n]* {name}\.json \|(?:\s[^\n]*){{1,2}}?@-$", page, re.MULTILINE)
    (tmp_path / f"{name}.json").write_text(json.dumps(_ENVELOPES[name]))
    environment = {**os.environ, "API_URL": stack["API_URL"]}
    done = subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, check=True)
    receipts = json.loads(done.stdout)["records"]
    stored = [read(stack, receipt["id"]) for receipt in receipts]
    assert stored == [
        {**record, "id": receipt["id"]} for record, receipt in zip(_UNWRAPPED[name], receipts, strict=True)
    ]
