"""Virtual time: code that sleeps gives way to whoever is due next.

Each task is a greenlet, so that the consumer's plain synchronous code runs as it is, many invocations side by side.
"""

import heapq
from collections.abc import Callable
from itertools import count

from greenlet import getcurrent, greenlet

EPOCH_MS = 1_750_000_000_000
"""The Unix time at which every simulation begins."""


class Killed(BaseException):
    """The task is ended from outside, as Lambda ends an invocation at its timeout. No handler of errors sees it."""


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the simulation began."""
        self._due: list[tuple[float, int, greenlet]] = []
        self._order = count()
        self._hub: greenlet = getcurrent()
        self._deadlines: dict[greenlet, float] = {}

    def now_ms(self) -> int:
        return EPOCH_MS + int(self.now * 1000)

    def monotonic(self) -> float:
        return self.now

    def start(self, task: Callable[[], None], after: float = 0.0) -> None:
        self._wake(greenlet(task, parent=self._hub), self.now + after)

    def sleep(self, seconds: float) -> None:
        """Of the calling task. Raises `Killed` at its deadline."""
        task = getcurrent()
        until = self.now + max(0.0, seconds)
        deadline = self._deadlines.get(task)
        self._wake(task, until if deadline is None else min(until, deadline))
        self._hub.switch()
        if deadline is not None and self.now >= deadline:
            raise Killed

    def kill_at(self, deadline: float | None) -> None:
        """Ends the calling task in the first sleep that reaches the deadline."""
        if deadline is None:
            self._deadlines.pop(getcurrent(), None)
        else:
            self._deadlines[getcurrent()] = deadline

    def run(self, until: Callable[[], bool], seconds_max: float = float("inf")) -> None:
        """Until the condition holds, nothing is due any more, or the time is up."""
        while self._due and not until():
            at, _, task = heapq.heappop(self._due)
            if at > seconds_max:
                return
            self.now = max(self.now, at)
            task.switch()

    def _wake(self, task: greenlet, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._order), task))
