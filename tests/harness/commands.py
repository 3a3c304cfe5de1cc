"""The project's own commands, as a person runs them in a terminal."""

import os
import signal
import subprocess
import sys

import pytest

from dev.paths import ROOT


def command(module: str, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def printed_until(process: "subprocess.Popen[str]", wanted: str) -> str:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    pytest.fail(f"never said {wanted!r}:\n{''.join(lines)}")


def interrupted(process: "subprocess.Popen[str]") -> str:
    """What it says after Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[0]
