"""Memory that requests share, so that many of them at once cannot use up the process's."""

from typing import Self


class BudgetExceeded(Exception):
    """There is not that much left."""


class MemoryBudget:
    """Bytes that are acquired before they are used, and released when they are not needed any more."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.used = 0

    def acquire(self, size: int) -> None:
        """Raises `BudgetExceeded` when it does not fit, unless nothing else is held: then nothing ever would."""
        if self.used and self.used + size > self._size:
            raise BudgetExceeded
        self.used += size

    def release(self, size: int) -> None:
        self.used -= size


class Share:
    """What one request holds of a budget, for as long as the `with` block around its work."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size = 0

    def add(self, size: int) -> None:
        """Raises `BudgetExceeded`."""
        self._budget.acquire(size)
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._budget.release(self._size)
