"""Memory that many requests share, in bytes, so that all of them together stay within a bound."""


class BudgetExceeded(Exception):
    """What was asked for does not fit beside what is held."""


class MemoryBudget:
    """Bytes that requests acquire before they hold them, and release afterwards, each as much as it acquired.

    When nothing is held, any size is allowed, also one over the whole budget: such a request runs alone. It could never
    run otherwise.
    """

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.held = 0

    def acquire(self, size: int) -> None:
        """Raises `BudgetExceeded`, and holds no more than before."""
        if self.held and self.held + size > self.bytes_max:
            raise BudgetExceeded
        self.held += size

    def release(self, size: int) -> None:
        self.held -= size
