"""A server that is stopped: what it received before is durable and answered, then it ends."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from dev.paths import ROOT
from tests.harness.failing_sqs import Entry, FailingSqs

_REQUESTS = 30


class SlowSqs(FailingSqs):
    """Confirms nothing until it is released."""

    def __init__(self) -> None:
        super().__init__(seed=0, hang_seconds=0)
        self.healthy = True
        self.called = threading.Event()
        self.released = threading.Event()

    def take(self, entries: list[Entry]) -> tuple[str, dict[str, object]]:
        self.called.set()
        assert self.released.wait(timeout=30)
        return super().take(entries)


@pytest.fixture
def sqs() -> Iterator[SlowSqs]:
    server = SlowSqs()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(sqs: SlowSqs) -> Iterator["subprocess.Popen[str]"]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": sqs.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "RECORD_QUEUE_URL": f"{sqs.url}/1/records",
        "RECORD_DEAD_LETTER_QUEUE_URL": f"{sqs.url}/1/dead-letters",
        "RECORD_TABLE_NAME": "records",
        "RECORD_TABLE_KEY": "id:S",
    }
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", "0", "--http", "h11", "--ws", "none"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        if process.poll() is None:
            process.kill()


def address(server: "subprocess.Popen[str]") -> str:
    """The system chooses the port, and uvicorn logs it."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"Uvicorn running on (http://[\d.:]+)", line):
            return found[1]
    raise AssertionError("the server did not start")


def test_a_server_that_stops_flushes_requests_in_flight(sqs: SlowSqs, server: "subprocess.Popen[str]") -> None:
    """Every request that it had received is answered with 202, and only after SQS has confirmed it."""
    url = f"{address(server)}/records"
    begun = threading.Barrier(_REQUESTS)

    def post(number: int) -> int:
        begun.wait(timeout=30)
        return httpx.post(url, json={"id": f"{number}"}, timeout=30).status_code

    with ThreadPoolExecutor(_REQUESTS) as executor:
        answers = [executor.submit(post, number) for number in range(_REQUESTS)]
        assert sqs.called.wait(timeout=30)
        server.send_signal(signal.SIGTERM)
        assert not sqs.durable
        sqs.released.set()
        statuses = []
        for answer in answers:
            with suppress(httpx.TransportError):  # it arrived after the server had closed its socket
                statuses.append(answer.result())
    assert 202 in statuses
    assert set(statuses) == {202}
    assert len(sqs.durable) == len(statuses)
    assert server.wait(timeout=30) == -signal.SIGTERM or server.returncode == 0
