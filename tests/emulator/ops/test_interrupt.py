"""Ctrl-C: what was begun is finished, the rest is visible again, and what has been done is said."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dev.paths import ROOT
from ops.stop import Stop, on_signals
from tests.emulator.ops.buffer import Buffer
from tests.harness.stack import addresses_file


@pytest.fixture
def port(buffer: Buffer) -> Iterator[str]:
    """Where a process of its own finds the buffer. The emulator holds the port, so it is nobody else's."""
    port = str(buffer.emulator.port)
    path = addresses_file(port)
    path.parent.mkdir(exist_ok=True)
    path.write_text(buffer.addresses())
    yield port
    path.unlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_cleanly_and_leaves_the_rest_visible(buffer: Buffer, port: str, number: int) -> None:
    for n in range(30):
        buffer.dead_letter(f'{{"n":{n}}}')
    command = [sys.executable, "-m", "ops", "dead-letters", "send-back", "--per-second", "1", f"--local={port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, WaitTimeSeconds=1).get("Messages"):
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    told = re.search(r"^Stopped: (\d+) of 30 dead letters sent back\.$", out, re.MULTILINE)
    assert told, out
    assert "Traceback" not in error
    sent = int(told[1])
    assert 1 <= sent < 30
    assert buffer.letters() == (30 - sent, 0)


def test_a_second_interrupt_is_as_if_nobody_caught_it() -> None:
    stop = Stop()
    before = signal.getsignal(signal.SIGTERM)
    with on_signals(stop):
        made = [stop.made]
        signal.raise_signal(signal.SIGTERM)
        made.append(stop.made)
        then = signal.getsignal(signal.SIGTERM)
    assert made == [False, True]
    assert then is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stop_ends_a_wait_at_once() -> None:
    stop = Stop()
    assert not stop.wait(0)
    stop.make()
    assert stop.wait(3600)


def test_output_that_nobody_reads_on_is_no_error(buffer: Buffer, port: str) -> None:
    for n in range(150):
        buffer.dead_letter("{", f"a_reason_{n:03}")
    command = [sys.executable, "-m", "ops", "dead-letters", "list", f"--local={port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 1
    assert "Error" not in error
    assert buffer.letters() == (150, 0)
