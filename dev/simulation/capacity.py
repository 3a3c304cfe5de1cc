"""The table's capacity as a simulation changes it."""

from dev.local.capacity import BURST_SECONDS_MAX, WriteCapacity


class SimulatedCapacity(WriteCapacity):
    def keep(self, burst_seconds: float) -> None:
        """Changes how much unused capacity is kept, from now on; what is beyond that is lost."""
        self._fill()
        self._seconds_max = max(1.0, min(burst_seconds, BURST_SECONDS_MAX))
        self._fill()
