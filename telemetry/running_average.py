"""An average that follows what it is of. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class RunningAverage:
    """Of all values while they are few, so that the first one weighs no more than any other; then about of the last
    `1 / smoothing` of them.
    """

    smoothing: float
    """The weight of the newest value, from 0 to 1."""
    value: float = 0.0
    """0 before the first one."""
    _count: int = 0

    def add(self, value: float) -> None:
        self._count += 1
        self.value += (value - self.value) * max(self.smoothing, 1 / self._count)
