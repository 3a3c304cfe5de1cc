"""The project's own commands, as a person runs them in a terminal."""

import os
import signal
import subprocess
import sys

import pytest

from dev.paths import ROOT

_END_SECONDS_MAX = 60


def command(module: str, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def printed_until(process: "subprocess.Popen[str]", wanted: str) -> str:
    """Everything printed up to the line that contains `wanted`."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    pytest.fail(f"never printed {wanted!r}:\n{''.join(lines)}")


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> str:
    """Sends the signal as Ctrl-C in a terminal does: to the whole foreground group. Returns what is printed then."""
    os.killpg(process.pid, number)
    try:
        return process.communicate(timeout=_END_SECONDS_MAX)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
