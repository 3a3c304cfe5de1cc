"""Ctrl-C as a request: what was begun is finished, and what was borrowed is given back, before the command ends."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

_POLL_SECONDS = 0.05


class Stop:
    """Not a `threading.Event`: a signal handler must not set what its own thread may be waiting for."""

    def __init__(self) -> None:
        self.made = False

    def make(self) -> None:
        self.made = True

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until the request is made; whether it was."""
        deadline = time.monotonic() + seconds
        while not self.made and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
        return self.made


@contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """Makes the request at the first Ctrl-C, SIGTERM or SIGHUP within the block; a second one ends the process at once.
    For the main thread.
    """

    def handler(number: int, _frame: object) -> None:
        stop.make()
        signal.signal(number, signal.SIG_DFL)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
