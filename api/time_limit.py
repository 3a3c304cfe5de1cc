"""A time limit that many requests share. `asyncio.timeout` costs each of them a timer; this one costs a dict entry."""

import asyncio
from collections.abc import Callable, Hashable


class TimeLimit:
    """All limits are of one length, so they expire in the order in which they began: one timer serves them all."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: tuple[asyncio.AbstractEventLoop, asyncio.TimerHandle] | None = None

    def start(self, key: Hashable, on_timeout: Callable[[], object]) -> None:
        """Calls `on_timeout` when the time is up, unless it is stopped before."""
        loop = asyncio.get_running_loop()
        self._running[key] = loop.time() + self.seconds, on_timeout
        if self._timer is None or self._timer[0] is not loop:
            self._schedule(loop, self.seconds)

    def stop(self, key: Hashable) -> bool:
        """Whether there was time left."""
        return self._running.pop(key, None) is not None

    def _schedule(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop, loop.call_later(seconds, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends those whose time is up, and sets the timer for the next one."""
        self._timer = None
        now = loop.time()
        while self._running:
            key, (deadline, on_timeout) = next(iter(self._running.items()))
            if deadline > now:
                self._schedule(loop, deadline - now)
                return
            del self._running[key]
            on_timeout()
