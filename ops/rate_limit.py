"""A rate limit for work of an operator's command: so many messages or keys per second."""

import time
from collections.abc import Callable

from records.limits import SEND_BATCH_ENTRIES_MAX


class RateLimit:
    """`wait(seconds)` waits, and returns True when the work is to stop: see `ops.stop.StopFlag.wait`.

    Time in which nothing was done is not made up for later: there are no bursts.
    """

    def __init__(
        self, per_second: int, wait: Callable[[float], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.batch_max = min(per_second, SEND_BATCH_ENTRIES_MAX)
        """The largest number to acquire at once: not more than one second's share."""
        self._per_second = per_second
        self._wait = wait
        self._monotonic = monotonic
        self._next_at = monotonic()

    def acquire(self, number: int) -> bool:
        """Waits until the next `number` may begin. False when the work is to stop instead."""
        if self._wait(self._next_at - self._monotonic()):
            return False
        self._next_at = max(self._next_at, self._monotonic()) + number / self._per_second
        return True
