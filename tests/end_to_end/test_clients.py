"""Real clients, with the configurations in docs/clients, against the running API."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.paths import ROOT
from tests.harness.ports import free_ports
from tests.harness.stack import Stack
from tests.harness.waiting import eventually

CLIENTS = ROOT / "docs" / "clients"
_NODE_MODULES = ROOT / "tests" / "node" / "node_modules"


@pytest.fixture
def syslog_ng(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """A running syslog-ng with the documented configuration; its port for messages."""
    command = shutil.which("syslog-ng", path=f"{os.environ['PATH']}:/usr/sbin")
    if not command or not list(Path("/usr/lib").glob("**/syslog-ng/**/libhttp.so")):
        pytest.skip("syslog-ng with its http() destination is not installed (Debian: syslog-ng-mod-http)")
    (port,) = free_ports(1)
    configuration = (CLIENTS / "syslog-ng.conf").read_text()
    configuration = configuration.replace("http://127.0.0.1:8000", stack["API_URL"]).replace("5514", port)
    (tmp_path / "syslog-ng.conf").write_text(configuration)
    files = {"cfgfile": "syslog-ng.conf", "persist-file": "persist", "pidfile": "pid", "control": "ctl"}
    arguments = [f"--{name}={tmp_path / file}" for name, file in files.items()]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([command, "-F", "--no-caps", "-e", *arguments], cwd=tmp_path, stdout=log, stderr=log)
        try:
            eventually(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, (tmp_path / "log").read_text()
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def items(stack: Stack, name: str, text: str) -> list[dict[str, Any]]:
    """The stored items whose attribute begins with that text."""
    return [item for item in stack.items() if str(item.get(name, {}).get("S", "")).startswith(text)]


def test_what_syslog_ng_sends_in_batches_is_stored_once(stack: Stack, syslog_ng: str) -> None:
    lines = [f'<14>1 2026-11-23T07:00:00Z host app - - - syslog-ng says {n} "Ж"\n' for n in range(250)]
    messages = [line.encode() for line in lines]
    with socket.create_connection(("127.0.0.1", int(syslog_ng))) as sender:
        for message in messages:
            content = message.rstrip(b"\n")
            sender.sendall(f"{len(content)} ".encode() + content)
    eventually(lambda: len(items(stack, "message", "syslog-ng says")) >= 250, 60)
    stored = [item["message"]["S"] for item in items(stack, "message", "syslog-ng says")]
    assert sorted(stored) == sorted(f'syslog-ng says {n} "Ж"' for n in range(250))


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
