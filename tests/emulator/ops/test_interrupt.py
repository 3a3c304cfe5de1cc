"""Ctrl-C: the batch in progress is finished, the other letters are visible again, and a summary is printed."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dev.paths import ROOT
from ops.stop import StopFlag, on_signals
from tests.emulator.ops.buffer import Buffer
from tests.harness.stack import addresses_file


@pytest.fixture
def port(buffer: Buffer) -> Iterator[str]:
    """The port under which another process finds the buffer. The emulator has it, so no other stack can."""
    port = str(buffer.emulator.port)
    path = addresses_file(port)
    path.parent.mkdir(exist_ok=True)
    path.write_text(buffer.addresses())
    yield port
    path.unlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_command_cleanly_and_leaves_the_other_letters_visible(
    buffer: Buffer, port: str, number: int
) -> None:
    for n in range(30):
        buffer.dead_letter(f'{{"n":{n}}}')
    command = [sys.executable, "-m", "ops", "dead-letters", "send-back", "--per-second", "1", f"--local={port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, WaitTimeSeconds=1).get("Messages"):
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    summary = re.search(r"^Stopped: (\d+) of 30 dead letters sent back\.$", out, re.MULTILINE)
    assert summary, out
    assert "Traceback" not in error
    sent = int(summary[1])
    assert 1 <= sent < 30
    assert buffer.letters() == (30 - sent, 0)


def test_after_the_first_interrupt_the_next_one_has_its_default_effect() -> None:
    stop = StopFlag()
    before = signal.getsignal(signal.SIGTERM)
    with on_signals(stop):
        before_and_after = [stop.is_set]
        signal.raise_signal(signal.SIGTERM)
        before_and_after.append(stop.is_set)
        next_handler = signal.getsignal(signal.SIGTERM)
    assert before_and_after == [False, True]
    assert next_handler is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_wait_returns_at_once_when_the_flag_is_set() -> None:
    stop = StopFlag()
    assert not stop.wait(0)
    stop.set()
    assert stop.wait(3600)


def test_a_closed_output_ends_the_command_without_a_traceback(buffer: Buffer, port: str) -> None:
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
