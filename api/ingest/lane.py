"""A thread for parsing, beside the event loop, and a bound for how long a request waits for it.

There is one for small bodies and one for large ones, so that small ones pass. More threads would parse nothing faster:
Python runs one at a time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from api.problems import ApiBusy

_Result = TypeVar("_Result")

WAIT_SECONDS_MAX = 2.0
"""A request that has waited for longer is refused when its turn comes, instead of parsed."""


class Lane:
    """`now` is in seconds."""

    def __init__(self, thread: Executor, now: Callable[[], float]) -> None:
        # A thread of its own: look-ups of names or credentials wait in the loop's default pool, and must not delay it.
        self._thread = thread
        self._now = now

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Raises `ApiBusy` if the thread was not free in time, and what `work` raises."""
        asked = self._now()

        def begin() -> _Result:
            if (waited := self._now() - asked) > WAIT_SECONDS_MAX:
                raise ApiBusy(waited)
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, begin)
