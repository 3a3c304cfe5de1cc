"""A thread pool in virtual time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

from dev.simulation.clock import VirtualClock


class SimulatedThreads(Executor):
    """So many tasks of the clock at once; each piece of work that succeeds takes as long as `seconds` says."""

    def __init__(self, clock: VirtualClock, number: int, seconds: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._number = number
        self._seconds = seconds
        self._running = 0
        self._work: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as an executor has it
        future: Future[Any] = Future()
        self._work.append((future, lambda: fn(*args, **kwargs)))
        if self._running < self._number:
            self._running += 1
            self._clock.start(self._run)
        return future

    def map(  # type: ignore[override] # of one iterable
        self, fn: Callable[[Any], Any], items: Iterable[Any], **_options: object
    ) -> Iterator[Any]:
        return iter(self._clock.map(fn, items, self._number))

    def _run(self) -> None:
        while self._work:
            future, work = self._work.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - who asked gets it
                future.set_exception(error)
            else:
                self._clock.sleep(self._seconds())
                future.set_result(result)
        self._running -= 1
