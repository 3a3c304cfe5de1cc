"""The table with a pace: each put waits for its turn, and a throttled put is retried when there may be capacity."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from consumer.batch import Pending
from consumer.clock import Clock
from consumer.pace import Pace
from consumer.table import Put, TableThrottled, TableUnavailable
from records.item import Provenance
from records.validation import Record

_RATE_AGE_SECONDS_MAX = 30.0
"""The table's provisioned rate is read again when it is older than this."""


class DrainTable(Protocol):
    """What the drain needs of the table: see `consumer.table.TableWriter`."""

    def put(self, record: Record, provenance: Provenance) -> Put: ...
    def write_units_per_second(self) -> float | None: ...


class NoTurn(Exception):
    """The table has no capacity for this put before the invocation has to stop."""

    code = "table_throttled"


class PacedTable:
    def __init__(self, table: DrainTable, pace: Pace, clock: Clock, count: Callable[[str, float], None]) -> None:
        self._table = table
        self._pace = pace
        self._clock = clock
        self._count = count
        self._rate_read_at: float | None = None

    def begin(self) -> None:
        """A batch begins."""
        self._pace.begin(self._clock.monotonic())

    def plan(self, waiting: Sequence[Pending]) -> list[float]:
        """When each put could begin, one after the other, in seconds of the monotonic clock."""
        return self._pace.plan([each.units for each in waiting], self._clock.monotonic())

    def put(self, each: Pending, stop_at: float) -> None:
        """Puts the record at its turn, and retries after throttles until `stop_at`.

        Raises `NoTurn` at `stop_at`, and every other error of the table's put.
        """
        while True:
            self._refresh_rate()
            self._clock.sleep_until(min(self._pace.next_at, stop_at))
            began = self._clock.monotonic()
            if began >= stop_at:
                raise NoTurn
            provenance = Provenance.of(each.record.version, each.newest.sent_ms, self._clock.now_ms())
            try:
                put = self._table.put(each.record, provenance)
            except TableThrottled:
                self._count("throttles", 1)
                self._throttled(each.units)
                continue
            # A put whose condition fails consumes units too, but DynamoDB does not report how many.
            self._pace.put(put.units or each.units, began)
            self._count("superseded" if put.superseded else "puts", 1)
            self._count("write_units", put.units or each.units)
            return

    def _throttled(self, units: int) -> None:
        if self._rate_read_at is None:
            self._read_rate()
        self._pace.throttled(units, self._clock.monotonic())

    def _refresh_rate(self) -> None:
        """Reads the table's rate from time to time, but only while puts are paced: they wait anyway."""
        if self._pace.full_speed:
            return
        if self._rate_read_at is None or self._clock.monotonic() - self._rate_read_at >= _RATE_AGE_SECONDS_MAX:
            self._read_rate()

    def _read_rate(self) -> None:
        self._rate_read_at = self._clock.monotonic()
        with suppress(TableUnavailable):  # the last known rate is the best guess; the next put will report the error
            self._pace.provisioned(self._table.write_units_per_second())
