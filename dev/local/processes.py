"""The local stack's processes. Each is ended together with everything that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05
_LAST_LINES = 20


class ProcessFailed(Exception):
    """A process of the stack ended by itself, or never became ready; the message ends with its last lines of log."""


class StartCancelled(Exception):
    """The stop was requested before the stack was ready."""


class StopRequest:
    """Set by a signal handler. Not a `threading.Event`: a handler that sets one may interrupt the very thread that
    waits for it and holds its lock, and then both wait for ever.
    """

    def __init__(self) -> None:
        self._made = False

    def make(self) -> None:
        self._made = True

    def wait(self, seconds: float) -> bool:
        """Waits until the request is made, at most so long. Returns whether it was made."""
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
        self.log = logs / f"{name}.log"
        with self.log.open("wb") as output:
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

    def wait_until(self, ready: Callable[[], bool], stop: StopRequest, seconds_max: float = START_SECONDS_MAX) -> None:
        """Raises `ProcessFailed` when the process ends or is not ready in time, `StartCancelled` at a stop request."""
        deadline = time.monotonic() + seconds_max
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self._name} did not answer in {seconds_max:.0f} s:\n{self._last_lines()}")
            if stop.wait(_POLL_SECONDS):
                raise StartCancelled
        self.check()  # or else another process answers on its port

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
        with suppress(ProcessLookupError):  # it has ended already
            os.killpg(self._popen.pid, number)

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
