"""A limit of the backlog: records are refused while the table would need too long for those that wait already.

It costs at most one look at the queue every ten seconds, and delays no request: a request is decided by what is known.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass

from api.problems import BacklogFull, Problem

ASK_SECONDS = 10.0
"""How often the backlog is asked for, while requests arrive."""
ESTIMATE_SECONDS_MAX = 120.0
"""An older estimate refuses nobody."""
PAUSE_SECONDS_MAX = 10.0
"""Where a process may be frozen between requests, as on Lambda: after a longer time without one it may have been, and
what is known is from before. Then the request itself is decided by the answer, if that comes while it is parsed."""
_ROOM_SECONDS_MAX = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class _Estimate:
    asked: float
    """When the queue was asked, in Unix seconds."""
    seconds_to_empty: float


class BacklogLimit:
    """`seconds_to_empty` asks for an estimate; None is unknown. `now` is wall time in seconds, which goes on while the
    process is frozen.
    """

    def __init__(
        self,
        hours_max: float,
        seconds_to_empty: Callable[[], Awaitable[float | None]],
        now: Callable[[], float],
        *,
        may_freeze: bool,
    ) -> None:
        """`hours_max` is 0 for no limit: then nothing is asked."""
        self._seconds_max = hours_max * 3600
        self._seconds_to_empty = seconds_to_empty
        self._now = now
        self._pause_seconds_max = PAUSE_SECONDS_MAX if may_freeze else math.inf
        self._estimate: _Estimate | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._seen = 0.0

    def check(self) -> None:
        """Raises `BacklogFull` if the backlog is known to be over the limit."""
        if not self._seconds_max:
            return
        now = self._now()
        # A clock that was set back says nothing of the time that has passed, so both ends are checked.
        if not 0 <= now - self._seen <= self._pause_seconds_max:
            self._forget()
        self._seen = now
        if self._asking is None and not 0 <= now - self._asked < ASK_SECONDS:
            self._asked = now
            # In a context of its own: its log lines must not name the request that happened to start it.
            self._asking = asyncio.get_running_loop().create_task(self._ask(now), context=Context())
        if self._estimate and 0 <= now - self._estimate.asked <= ESTIMATE_SECONDS_MAX:
            room_at = self._estimate.asked + self._estimate.seconds_to_empty - self._seconds_max
            if room_at > now:
                room_at = min(room_at, now + _ROOM_SECONDS_MAX)
                raise BacklogFull(room_at - now, int(room_at * 1000))

    def _forget(self) -> None:
        self._estimate = None
        if self._asking:
            self._asking.cancel()
            self._asking = None

    async def _ask(self, asked: float) -> None:
        try:
            seconds = await self._seconds_to_empty()
        except Problem:
            return  # logged where it was raised; what is known grows old
        finally:
            if asked == self._asked:
                self._asking = None
        self._estimate = None if seconds is None else _Estimate(asked, seconds)
