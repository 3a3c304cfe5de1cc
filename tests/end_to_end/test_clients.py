"""Real clients, with the configurations in docs/clients, against the running API."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

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


def test_what_syslog_ng_sends_in_batches_is_stored_once(stack: Stack, tmp_path: Path) -> None:
    texts = [f'syslog-ng says {n} "Ж"' for n in range(250)]
    with running_syslog_ng(stack["API_URL"], tmp_path) as port:
        send_lines(port, texts)
        eventually(lambda: len(items(stack, "message", "syslog-ng says")) >= 250, 60)
    assert sorted(item["message"]["S"] for item in items(stack, "message", "syslog-ng says")) == sorted(texts)


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
