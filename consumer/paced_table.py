"""The table behind its pace: each put waits for its turn, and a throttle is waited out."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from consumer.batch import Pending
from consumer.clock import Clock
from consumer.pace import Pace
from consumer.table import Put, TableThrottled, TableUnavailable
from records.item import Provenance
from records.validation import Record

_ASKED_SECONDS = 30.0
"""How old the table's provisioned rate may be."""


class Table(Protocol):
    def put(self, record: Record, provenance: Provenance) -> Put: ...
    def write_units_per_second(self) -> float | None: ...


class NoTurn(Exception):
    """There is no capacity for this put before the invocation has to stop."""

    code = "table_throttled"


class PacedTable:
    def __init__(self, table: Table, pace: Pace, clock: Clock, count: Callable[[str, float], None]) -> None:
        self._table = table
        self._pace = pace
        self._clock = clock
        self._count = count
        self._asked_at: float | None = None

    def begin(self) -> None:
        """A batch begins."""
        self._pace.begin(self._clock.monotonic())

    def plan(self, waiting: Sequence[Pending]) -> list[float]:
        """When each put could begin, in monotonic seconds, one after the other."""
        return self._pace.plan([each.units for each in waiting], self._clock.monotonic())

    def put(self, each: Pending, stop_at: float) -> None:
        """Puts the record at its turn, and again after a throttle, as long as a put may begin.

        Raises `NoTurn`, having waited for it as long as there was time, and whatever else the table's put raises.
        """
        while True:
            self._know_table()
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
            # A failed condition is charged too, and DynamoDB does not say how much.
            self._pace.put(put.units or each.units, began)
            self._count("superseded" if put.superseded else "puts", 1)
            self._count("write_units", put.units or each.units)
            return

    def _throttled(self, units: int) -> None:
        if self._asked_at is None:
            self._ask_table()
        self._pace.throttled(units, self._clock.monotonic())

    def _know_table(self) -> None:
        """Asks the table again how fast it is, while puts are paced: they wait anyway."""
        now = self._clock.monotonic()
        if not self._pace.full_speed and (self._asked_at is None or now - self._asked_at >= _ASKED_SECONDS):
            self._ask_table()

    def _ask_table(self) -> None:
        self._asked_at = self._clock.monotonic()
        with suppress(TableUnavailable):  # what was known before is the best guess; a put tells what is wrong
            self._pace.provisioned(self._table.write_units_per_second())
