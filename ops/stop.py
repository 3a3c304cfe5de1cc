"""Ctrl-C as a request: a command finishes what it has begun and makes hidden messages visible again before it ends."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

_POLL_SECONDS = 0.05


class StopFlag:
    """Set once, when the work is to stop.

    Not a `threading.Event`: a signal handler must not take the lock that its own thread may hold while it waits.
    """

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True

    def wait(self, seconds: float) -> bool:
        """Waits for so long, or until the flag is set. Returns whether it is set."""
        deadline = time.monotonic() + seconds
        while not self.is_set and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
        return self.is_set


@contextmanager
def on_signals(stop: StopFlag) -> Iterator[None]:
    """Within the block, the first Ctrl-C, SIGTERM or SIGHUP sets the flag; a second one ends the process at once.

    For the main thread.
    """

    def handler(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous_handler in previous.items():
            signal.signal(number, previous_handler)
