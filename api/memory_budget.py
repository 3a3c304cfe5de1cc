"""Memory that requests share, so that many of them at once cannot use up the process's."""

from collections.abc import Callable
from typing import Self


class BudgetExceeded(Exception):
    """There is not that much left. What is held has been held for `held_seconds`, on average over its bytes: about as
    long as it will be from now on.
    """

    def __init__(self, held_seconds: float) -> None:
        super().__init__()
        self.held_seconds = held_seconds


class MemoryBudget:
    """Bytes of which each request holds a `Share`."""

    def __init__(self, size: int, now_ns: Callable[[], int]) -> None:
        self._size = size
        self._now_ns = now_ns
        self.used = 0
        self._since = 0  # the time since when it is held, of each byte, all added up

    def acquire(self, size: int) -> int:
        """The time of now for each byte, added up. Raises `BudgetExceeded` when it does not fit, unless nothing else is
        held: then nothing ever would.
        """
        now = self._now_ns()
        if size and self.used and self.used + size > self._size:
            raise BudgetExceeded((now - self._since / self.used) / 1e9)
        self.used += size
        self._since += size * now
        return size * now

    def release(self, size: int, since: int) -> None:
        """`since` is what `acquire` returned for these bytes."""
        self.used -= size
        self._since -= since


class Share:
    """What one request holds of a budget, for as long as the `with` block around its work."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size = 0
        self._since = 0

    def add(self, size: int) -> None:
        """Raises `BudgetExceeded`."""
        self._since += self._budget.acquire(size)
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._budget.release(self._size, self._since)
