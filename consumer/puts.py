"""The puts of a batch: several in flight while the table takes them, and none after it has said no."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from consumer.backlog import Backlog
from consumer.batch import Pending, RejectedMessage
from consumer.clock import Clock
from consumer.table import KeyThrottled, Put, PutRefused, TableMisconfigured, TableThrottled, TableUnavailable
from records.item import Provenance
from records.validation import Record
from records.version import accepted_ms

log = logging.getLogger(__name__)

PUTS_IN_FLIGHT_MAX = 4
"""More are of no use: then the function's processor is the limit."""
_UNAVAILABLE_IN_A_ROW_MAX = 2
"""After so many puts in a row that the table did not answer, the rest of the batch is not tried."""

PutError = TableThrottled | KeyThrottled | PutRefused | TableUnavailable | TableMisconfigured
InParallel = Callable[[Callable[[Pending], Put | PutError | None], Sequence[Pending]], Iterable[Put | PutError | None]]
"""`map`, of a thread pool with `PUTS_IN_FLIGHT_MAX` threads."""


class PutTable(Protocol):
    """What the puts need of the table: see `consumer.table.TableWriter`."""

    def put(self, record: Record, provenance: Provenance) -> Put: ...


@dataclass(slots=True)
class PutOutcome:
    """What became of a batch; what was put or superseded is only counted."""

    done: int = 0
    throttled: list[Pending] = field(default_factory=list)
    """Those that were not tried after a throttle, or for lack of time, are among them."""
    hot: list[Pending] = field(default_factory=list)
    """Throttled by the partition of their key; there is capacity for others."""
    failed: list[Pending] = field(default_factory=list)
    """Those that were not tried after such a failure are among them."""
    refused: list[RejectedMessage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Puts:
    """`count` and `measure` take the names of `telemetry.metrics`."""

    table: PutTable
    backlog: Backlog
    clock: Clock
    in_parallel: InParallel
    count: Callable[[str, float], None]
    measure: Callable[[str, float], None]

    def put_all(self, pending: Sequence[Pending], *, has_time: Callable[[], bool]) -> PutOutcome:
        """The first alone, then the others side by side: so a full table is asked once, not once a record."""
        run = _PutRun(self.table, self.clock, has_time)
        results = [run.put(each) for each in pending[:1]]
        results += self.in_parallel(run.put, pending[1:])
        outcome = PutOutcome()
        for each, result in zip(pending, results, strict=True):
            self._add(outcome, each, result, run)
        return outcome

    def _add(self, outcome: PutOutcome, each: Pending, result: Put | PutError | None, run: "_PutRun") -> None:
        match result:
            case None:  # not tried
                (outcome.failed if run.has_failed else outcome.throttled).append(each)
            case Put():
                outcome.done += 1
                self._count_put(each, result)
            case TableThrottled():
                self.count("throttles", 1)
                self.backlog.throttled()
                outcome.throttled.append(each)
            case KeyThrottled():
                self._note(result)
                outcome.hot.append(each)
            case PutRefused():
                outcome.refused += [RejectedMessage(one, result.code, str(result)) for one in each.deliveries]
            case TableUnavailable() | TableMisconfigured():
                self._note(result)
                outcome.failed.append(each)

    def _count_put(self, each: Pending, put: Put) -> None:
        # A put whose condition fails consumes units too, but DynamoDB does not report how many.
        units = put.units or {"": float(each.units)}
        self.backlog.observe(units, each.units)
        self.count("write_units", units.get("", 0))
        if put.superseded:
            self.count("superseded", 1)
            return
        self.count("puts", 1)
        waited_ms = self.clock.now_ms() - accepted_ms(each.record.version)
        self.measure("freshness", max(0, waited_ms) / 1000)

    def _note(self, error: KeyThrottled | TableUnavailable | TableMisconfigured) -> None:
        level = logging.ERROR if isinstance(error, TableMisconfigured) else logging.WARNING
        log.log(level, error.code, extra={"cause": str(error)})
        self.count(error.code, 1)


@dataclass(slots=True)
class _PutRun:
    """The calls of one batch, which run in several threads. None of them begins after the table has said no."""

    table: PutTable
    clock: Clock
    has_time: Callable[[], bool]
    is_throttled: bool = False
    has_failed: bool = False
    unavailable_in_a_row: int = 0

    def put(self, each: Pending) -> Put | PutError | None:
        """None when it was not tried."""
        if self.is_throttled or self.has_failed or not self.has_time():
            return None
        provenance = Provenance.of(each.record.version, each.newest.sent_ms, self.clock.now_ms())
        try:
            put = self.table.put(each.record, provenance)
        except TableThrottled as error:
            self.is_throttled = True
            return error
        except TableMisconfigured as error:
            self.has_failed = True
            return error
        except TableUnavailable as error:
            self.unavailable_in_a_row += 1
            self.has_failed = self.unavailable_in_a_row >= _UNAVAILABLE_IN_A_ROW_MAX
            return error
        except (KeyThrottled, PutRefused) as error:
            self.unavailable_in_a_row = 0
            return error
        self.unavailable_in_a_row = 0
        return put
