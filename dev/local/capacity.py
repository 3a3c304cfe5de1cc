"""A table's write capacity as DynamoDB grants it. Pure: the clock is passed in.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from collections.abc import Callable

BURST_SECONDS_MAX = 300.0
"""DynamoDB keeps up to five minutes of unused capacity."""


class WriteCapacity:
    """A token bucket of write units, filled at the provisioned rate.

    It holds what was unused in the last `burst_seconds`, and never less than one second's units, because
    capacity is granted by the second. A write is admitted while the level is above zero, and may take it below
    zero, as in DynamoDB itself: an item of five units can be written to a table of one.
    """

    def __init__(self, units_per_second: float, burst_seconds: float, monotonic: Callable[[], float]) -> None:
        self._rate = units_per_second
        self._seconds_max = max(1.0, min(burst_seconds, BURST_SECONDS_MAX))
        self._monotonic = monotonic
        self._filled_at = monotonic()
        # A new table has no unused capacity to keep yet.
        self._level = units_per_second

    @property
    def units_per_second(self) -> float:
        return self._rate

    @property
    def level(self) -> float:
        """The units that are there now; below zero after a write that took more."""
        self._fill()
        return self._level

    @property
    def level_max(self) -> float:
        return self._rate * self._seconds_max

    def provision(self, units_per_second: float) -> None:
        """Changes the rate from now on; credit beyond what the new rate may hold is lost."""
        self._fill()
        self._rate = units_per_second
        self._fill()

    def admits(self) -> bool:
        self._fill()
        return self._level > 0

    def charge(self, units: float) -> None:
        """Takes units from the bucket; a negative number returns units that were not used."""
        self._fill()
        self._level -= units

    def _fill(self) -> None:
        now = self._monotonic()
        filled = self._level + (now - self._filled_at) * self._rate
        self._level = min(filled, self._rate * self._seconds_max)
        self._filled_at = now
