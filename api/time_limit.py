"""A time limit that many requests share. `asyncio.timeout` costs each of them a timer; this one costs a dict entry."""

import asyncio
from collections.abc import Callable, Hashable


class TimeLimit:
    """All limits are of one length, so they run out in the order in which they began: one timer serves them all."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: tuple[asyncio.AbstractEventLoop, asyncio.TimerHandle] | None = None

    def start(self, key: Hashable, run_out: Callable[[], object]) -> None:
        """Calls `run_out` when the time is up, unless it is stopped before."""
        loop = asyncio.get_running_loop()
        self._running[key] = loop.time() + self.seconds, run_out
        if self._timer is None or self._timer[0] is not loop:
            self._look_in(loop, self.seconds)

    def stop(self, key: Hashable) -> bool:
        """Whether there was time left."""
        return self._running.pop(key, None) is not None

    def _look_in(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop, loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._running:
            key, (deadline, run_out) = next(iter(self._running.items()))
            if deadline > now:
                self._look_in(loop, deadline - now)
                return
            del self._running[key]
            run_out()
