"""Time and randomness, passed in so that tests and the simulation can control them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    now_ms: Callable[[], int]
    """Unix milliseconds."""
    monotonic: Callable[[], float]
    """Seconds."""
    sleep: Callable[[float], None]
    """Seconds."""
    random: Callable[[], float]
    """From 0 to 1."""

    def sleep_until(self, monotonic: float) -> None:
        seconds = monotonic - self.monotonic()
        if seconds > 0:
            self.sleep(seconds)
