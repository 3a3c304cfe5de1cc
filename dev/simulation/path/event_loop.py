"""An asyncio event loop in virtual time: what it waits for, the simulation's clock brings.

It runs in a task of the clock. Between two callbacks, and nowhere else, the other tasks of the world run.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, copy_context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, Unpack

from dev.simulation.clock import VirtualClock, VirtualTask

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")

_WAIT_SECONDS_MIN = 1e-6
"""A timer is never early, and floating point does not add up exactly."""

Connect = Callable[["SimulatedLoop", Callable[[], asyncio.Protocol]], Coroutine[Any, Any, Any]]


class SimulatedLoop(asyncio.AbstractEventLoop):
    """`connect` opens a connection of `create_connection`, wherever it goes.

    Where `stands_still`, the loop's own clock stands while nothing runs, as in a function that is frozen.
    """

    def __init__(self, clock: VirtualClock, connect: Connect, *, stands_still: bool = False) -> None:
        self._clock = clock
        self._connect = connect
        self._stands_still = stands_still
        self._ready: deque[asyncio.Handle] = deque()
        self._arrived: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = count()
        self._tasks: dict[asyncio.Task[Any], Context] = {}
        self._sleeper: VirtualTask | None = None
        self._closed = False
        self._stood_still = 0.0
        self._stopped_at = clock.now
        self.errors: list[dict[str, Any]] = []
        """What asyncio reports: errors of callbacks, and of tasks that nobody asked about."""

    def time(self) -> float:
        return self._clock.now - self._stood_still

    def run_until_complete(self, future: Any) -> Any:  # noqa: ANN401 - as asyncio has it
        done = asyncio.ensure_future(future, loop=self)
        if self._stands_still:
            self._stood_still += self._clock.now - self._stopped_at
        try:
            while not done.done():
                self._turn()
                if not done.done() and not self._ready and not self._arrived:
                    self._sleep()
        finally:
            self._stopped_at = self._clock.now
        return done.result()

    def call_soon(
        self,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        self._wake()
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    def arrive(self, callback: Callable[[], object]) -> None:
        """From outside, as what a selector reports: after the callbacks that are ready already."""
        if not self._closed:
            self._arrived.append(asyncio.Handle(callback, (), self, None))
            self._wake()

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:  # noqa: ANN401 - as above
        context = context or copy_context()
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = context
        task.add_done_callback(self._forget)
        return task

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Arguments]], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        assert executor, "a thread outside the clock"
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    async def create_connection(self, protocol_factory: Any, *_address: Any, **_options: Any) -> Any:  # noqa: ANN401 - as above
        return await self._connect(self, protocol_factory)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._closed:
            self.errors.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self  # noqa: SLF001 - asyncio's own, for those who write event loops

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Its process has ended: nothing more of it runs, and its tasks are thrown away."""
        self._closed = True
        self._ready.clear()
        self._arrived.clear()
        self._timers.clear()
        running = asyncio._get_running_loop()  # noqa: SLF001 - as above
        asyncio._set_running_loop(self)  # noqa: SLF001 - as above
        for task, context in list(self._tasks.items()):
            task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001 - that they are pending is no news
            context.run(task.get_coro().close)
        asyncio._set_running_loop(running)  # noqa: SLF001 - as above
        self._tasks.clear()
        self._ready.clear()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    def _turn(self) -> None:
        """One iteration, in asyncio's order: what was ready, what has arrived, what is due."""
        self._ready += self._arrived
        self._arrived.clear()
        now = self.time()
        while self._timers and self._timers[0][0] <= now:
            self._ready.append(heapq.heappop(self._timers)[-1])
        asyncio._set_running_loop(self)  # noqa: SLF001 - as above
        try:
            for _ in range(len(self._ready)):
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()  # noqa: SLF001 - as above
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 - as above

    def _sleep(self) -> None:
        while self._timers and self._timers[0][-1].cancelled():
            heapq.heappop(self._timers)
        self._sleeper = self._clock.current
        try:
            if self._timers:
                self._clock.wait(max(self._timers[0][0] - self.time(), _WAIT_SECONDS_MIN))
            else:
                self._clock.wait()
        finally:
            self._sleeper = None

    def _wake(self) -> None:
        if self._sleeper:
            self._clock.wake(self._sleeper)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is left out when its time comes."""
