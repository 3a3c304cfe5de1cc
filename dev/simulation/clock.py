"""Virtual time: code that sleeps lets whoever is due next run.

Each task is a greenlet, so that the consumer's plain synchronous code runs as it is, many invocations side by side.
"""

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

EPOCH_MS = 1_750_000_000_000
"""The Unix time at which every simulation begins."""

_LAST_WORDS_MAX = 5
"""How often a task that is ended may sleep on its way out."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Killed(BaseException):
    """The task is ended from outside, as Lambda ends an invocation at its timeout. No handler of errors sees it."""


@dataclass(slots=True)
class Cpu:
    """The processor time of one function environment, used by one task after the other."""

    cores: float
    """The share of a core, at most 1: a Python process uses no more."""
    _free_at: float = 0.0

    def reserve(self, now: float, seconds: float) -> float:
        """When `seconds` of a whole core will have been used, after what was reserved before."""
        self._free_at = max(now, self._free_at) + seconds / self.cores
        return self._free_at


@dataclass(slots=True, eq=False)
class VirtualTask:
    greenlet: Any  # greenlet ships no types
    deadline: float = math.inf
    cpu: Cpu | None = None
    children: "dict[VirtualTask, None]" = field(default_factory=dict)
    """Of the map that it waits for, in order: a set's order would differ from run to run."""
    turn: int | None = None
    """Its valid entry among what is due; None while it runs and when it has ended."""


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the simulation began."""
        self._due: list[tuple[float, int, VirtualTask]] = []
        self._order = count()
        self._hub = getcurrent()
        self._current = VirtualTask(self._hub)
        self._unfinished: dict[VirtualTask, None] = {}

    def now_ms(self) -> int:
        return EPOCH_MS + int(self.now * 1000)

    def monotonic(self) -> float:
        return self.now

    @property
    def current(self) -> VirtualTask:
        return self._current

    def start(self, task: Callable[[], None], after: float = 0.0) -> VirtualTask:
        return self.start_at(task, self.now + after)

    def start_at(self, task: Callable[[], None], at: float) -> VirtualTask:
        started = VirtualTask(greenlet(task, parent=self._hub))
        self._unfinished[started] = None
        self._schedule(started, at)
        return started

    def sleep(self, seconds: float) -> None:
        """Of the calling task. Raises `Killed` at its deadline."""
        self._suspend(self.now + max(0.0, seconds))

    def wait(self, seconds: float = math.inf) -> None:
        """As `sleep`, but `wake` ends it earlier."""
        self._suspend(self.now + seconds)

    def wake(self, task: VirtualTask) -> None:
        """Ends the task's sleep now."""
        if task.turn is not None:
            self._schedule(task, self.now)

    def compute(self, seconds: float, wait: float = 0.0) -> None:
        """Uses so many seconds of a whole core on the calling task's CPU, one task after the other, and waits then."""
        cpu = self._current.cpu
        done = cpu.reserve(self.now, seconds) if cpu else self.now + seconds
        self._suspend(done + wait)

    def run_on(self, cpu: Cpu | None) -> None:
        """Gives the calling task, and what it starts with `map`, a CPU."""
        self._current.cpu = cpu

    def kill_at(self, deadline: float | None) -> None:
        """Ends the calling task, and what it starts with `map`, in the first sleep that reaches the deadline."""
        self._current.deadline = math.inf if deadline is None else deadline

    def kill(self, task: VirtualTask) -> None:
        """Ends a sleeping task now, and what it started with `map`."""
        task.deadline = min(task.deadline, self.now)
        if task.children:
            for child in list(task.children):
                self.kill(child)
        else:
            self.wake(task)

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item], at_once: int) -> list[_Result]:
        """The results in order, of at most `at_once` calls side by side: what a thread pool is in production.

        An error of a call is raised when every call has ended; of several, the first item's. What ends the process
        (`Crashed`, `Killed`) ends the other calls where they are.
        """
        if at_once < 1:
            raise ValueError("at_once must be at least 1")
        work = list(items)
        if len(work) == 1:
            return [function(work[0])]
        calls = _Calls(self, function, work)
        caller = self._current
        for _ in range(min(at_once, len(work))):
            child = self.start(calls.run)
            child.deadline, child.cpu = caller.deadline, caller.cpu
            caller.children[child] = None
        calls.children = caller.children
        while caller.children:
            # No deadline here: the children have the same one.
            caller.turn = next(self._order)
            self._hub.switch()
        return calls.outcome()

    def run(self, until: Callable[[], bool], seconds_max: float = math.inf) -> None:
        """Until the condition holds, nothing is due any more, or the time is up."""
        while self._due and not until():
            at, turn, task = self._due[0]
            if at > seconds_max:
                self.now = max(self.now, seconds_max)
                return
            heapq.heappop(self._due)
            if task.turn == turn:
                self.now = max(self.now, at)
                task.turn, self._current = None, task
                task.greenlet.switch()
                if task.greenlet.dead:
                    self._unfinished.pop(task, None)

    def close(self) -> None:
        """Ends every task where it is, because Python's garbage collector does not: a greenlet keeps its own frames."""
        for task in list(self._unfinished):
            self._current = task
            for _ in range(_LAST_WORDS_MAX):
                if not task.greenlet.dead:
                    task.greenlet.throw()
        self._unfinished.clear()
        self._due.clear()

    def _suspend(self, until: float) -> None:
        task = self._current
        self._schedule(task, min(task.deadline, until))
        self._hub.switch()
        if self.now >= task.deadline:
            raise Killed

    def _schedule(self, task: VirtualTask, at: float) -> None:
        task.turn = turn = next(self._order)
        if at < math.inf:
            heapq.heappush(self._due, (at, turn, task))


class _Calls:
    """What the children of one `map` share."""

    def __init__(self, clock: VirtualClock, function: Callable[[Any], Any], work: list[Any]) -> None:
        self._clock = clock
        self._function = function
        self._results: list[Any] = [None] * len(work)
        self._left = iter(enumerate(work))
        self._errors: dict[int, Exception] = {}
        self._caller = clock.current
        self.children: dict[VirtualTask, None] = {}
        self.fatal: list[BaseException] = []

    def run(self) -> None:
        me = self._clock.current
        try:
            self._work()
        except BaseException as end:  # noqa: BLE001 - the caller raises it
            self.fatal.append(end)
            for other in self.children:
                if other is not me:
                    self._clock.kill(other)
        del self.children[me]
        if not self.children:
            self._clock.wake(self._caller)

    def _work(self) -> None:
        for position, item in self._left:
            if self.fatal:
                return
            try:
                self._results[position] = self._function(item)
            except Exception as error:  # noqa: BLE001 - as above
                self._errors[position] = error

    def outcome(self) -> list[Any]:
        if self.fatal:
            raise self.fatal[0]
        if self._errors:
            raise self._errors[min(self._errors)]
        return self._results
