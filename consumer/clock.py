"""Time and chance, passed in so that they can be simulated."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    now_ms: Callable[[], int]
    """Unix milliseconds."""
    random: Callable[[], float]
    """From 0 to 1."""
