"""Turns for work that is to go no faster than so much a second."""

import time
from collections.abc import Callable
from typing import Protocol

from records.limits import SEND_BATCH_ENTRIES_MAX


class Stop(Protocol):
    def wait(self, seconds: float) -> bool:
        """Waits so long, or until it is made; whether it was."""


class Pace:
    def __init__(self, per_second: int, stop: Stop, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.at_once = min(per_second, SEND_BATCH_ENTRIES_MAX)
        """How much one turn may take: no more than a second's share."""
        self._per_second = per_second
        self._stop = stop
        self._monotonic = monotonic
        self._next_at = monotonic()

    def turn(self, number: int) -> bool:
        """Waits for the turn of so much; False when it is not to come any more."""
        if self._stop.wait(self._next_at - self._monotonic()):
            return False
        self._next_at = max(self._next_at, self._monotonic()) + number / self._per_second
        return True
