"""The local stack's processes: each is ended in its turn, with all that it started."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05
_LAST_LINES = 20


class ProcessFailed(Exception):
    """A process of the stack ended by itself, or never answered; the message ends with what it last logged."""


class Stopped(Exception):
    """Whoever started the stack wants it to end."""


class StopRequest:
    """Set by a signal handler. Not a `threading.Event`: one that is being waited for may be locked when its own thread
    is interrupted to set it, and then both wait for ever.
    """

    def __init__(self) -> None:
        self._made = False

    def make(self) -> None:
        self._made = True

    def wait(self, seconds: float) -> bool:
        """Whether the request was made; waits for it so long."""
        deadline = time.monotonic() + seconds
        while not self._made and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
        return self._made


class Process:
    """`python -m` with these arguments, in this environment and folder; its output goes to `NAME.log` in `logs`."""

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], logs: Path, folder: Path
    ) -> None:
        self._name = name
        self._log = logs / f"{name}.log"
        with self._log.open("wb") as output:
            # A group of its own: Ctrl-C in the terminal reaches only the process that ends the others in order.
            self._popen = subprocess.Popen(  # noqa: S603 - the project's own modules
                [sys.executable, "-m", *arguments],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], stop: StopRequest) -> None:
        """Raises `ProcessFailed` when the process ends or is not ready in time, `Stopped` when `stop` is made."""
        deadline = time.monotonic() + _START_SECONDS_MAX
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self._name} did not answer in {_START_SECONDS_MAX:.0f} s:\n{self._last_lines()}")
            if stop.wait(_POLL_SECONDS):
                raise Stopped

    def check(self) -> None:
        """Raises `ProcessFailed` when the process has ended."""
        if (status := self._popen.poll()) is not None:
            raise ProcessFailed(f"{self._name} ended by itself (exit status {status}):\n{self._last_lines()}")

    def stop(self) -> None:
        """Ends the process and whatever it started; returns when all of that is gone."""
        self._signal_group(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_STOP_SECONDS_MAX)
        self._signal_group(signal.SIGKILL)
        self._popen.wait()
        if self._popen.stdin:
            self._popen.stdin.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # gone already, which is what was wanted
            os.killpg(self._popen.pid, number)

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:])


def answers(url: str, expected: bytes | None = None) -> bool:
    """Whether `GET url` answers 200, and with `expected` where that is given."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - http on loopback
            return response.status == HTTPStatus.OK and expected in {None, response.read()}
    except OSError:
        return False
