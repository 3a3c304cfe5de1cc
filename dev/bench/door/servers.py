"""The servers of the benchmark, each on its core, and a sink that counts what they sent."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.paths import ROOT

FASTIFY = Path(__file__).with_name("fastify")
SINK_PORT = 18_300
URL = f"http://127.0.0.1:{SINK_PORT}"
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": URL,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "RECORD_QUEUE_URL": f"{URL}/1/records",
    "RECORD_DEAD_LETTER_QUEUE_URL": f"{URL}/1/dead-letters",
    "RECORD_TABLE_NAME": "records",
    "RECORD_TABLE_KEY": "id:S",
}
_START_SECONDS_MAX = 30
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def process(*command: str, cores: set[int]) -> Iterator[int]:
    """Runs a command on these cores; its id."""
    environment = {**os.environ, **ENVIRONMENT}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as running:  # noqa: S603 - our own
        os.sched_setaffinity(running.pid, cores)  # before it has threads of its own
        try:
            yield running.pid
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=30)


@contextmanager
def sink(core: int) -> Iterator[None]:
    with process(sys.executable, "-m", "dev.bench.door.sink", str(SINK_PORT), cores={core}):
        wait_for(SINK_PORT)
        yield


@contextmanager
def server(name: str, port: int, cores: set[int], workers: int = 1) -> Iterator[int]:
    """`limit`, `tutorial`, `fastify`, `forebay` or one of its variants; its id."""
    with process(*_command(name, port, workers), cores=cores) as pid:
        wait_for(port)
        yield pid


def _command(name: str, port: int, workers: int) -> list[str]:
    if name == "fastify":
        return ["node", str(FASTIFY / "server.js"), str(port)]
    module = "dev.bench.door.peers" if name in {"limit", "tutorial"} else "dev.bench.door.variants"
    app = "api.main:app" if name == "forebay" else f"{module}:{name}"
    options = ["--http", "h11", "--ws", "none", "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--workers", str(workers), *options]


def has_fastify() -> bool:
    """Whether Node is here and `npm ci` has been done."""
    return shutil.which("node") is not None and (FASTIFY / "node_modules" / "fastify").is_dir()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing answers on port {port}")


def sunk() -> int:
    """Messages that the sink has taken so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{SINK_PORT}/") as answer:
        return int(answer.read())


def cpu_seconds(pid: int) -> float:
    """Of a process and its children, user and system."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS + sum(cpu_seconds(int(child)) for child in children)


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
