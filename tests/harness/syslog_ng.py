"""A running syslog-ng, with the configuration of docs/clients."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.paths import ROOT
from tests.harness.ports import free_ports
from tests.harness.waiting import eventually

_CONFIGURATION = ROOT / "docs" / "clients" / "syslog-ng.conf"


@contextmanager
def running_syslog_ng(api_url: str, folder: Path, *, json_lines: bool = False) -> Iterator[str]:
    """Yields its port for messages, which are lines of JSON themselves or not. Skips where it is not installed."""
    command = shutil.which("syslog-ng", path=f"{os.environ['PATH']}:/usr/sbin")
    if not command or not list(Path("/usr/lib").glob("**/syslog-ng/**/libhttp.so")):
        pytest.skip("syslog-ng with its http() destination is not installed (Debian: syslog-ng-mod-http)")
    (port,) = free_ports(1)
    configuration = _CONFIGURATION.read_text().replace("http://127.0.0.1:8000", api_url).replace("5514", port)
    if json_lines:
        configuration = re.sub(r"^( *)body\(.*\)$", r'\1body("$MSG")', configuration, flags=re.MULTILINE)
    (folder / "syslog-ng.conf").write_text(configuration)
    files = {"cfgfile": "syslog-ng.conf", "persist-file": "persist", "pidfile": "pid", "control": "ctl"}
    arguments = [f"--{name}={folder / file}" for name, file in files.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([command, "-F", "--no-caps", "-e", *arguments], cwd=folder, stdout=log, stderr=log)
        try:
            eventually(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, (folder / "log").read_text()
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def send_lines(port: str, texts: Sequence[str]) -> None:
    """As messages of RFC 5424, framed by their length."""
    with socket.create_connection(("127.0.0.1", int(port))) as sender:
        for text in texts:
            content = f"<14>1 2026-11-23T07:00:00Z host app - - - {text}".encode()
            sender.sendall(f"{len(content)} ".encode() + content)


def _listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0
