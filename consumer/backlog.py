"""What is known of the backlog and of the table's rate, and so how long the table needs."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from consumer.table import TableUnavailable
from telemetry.queue_depth import QueueDepth
from telemetry.running_average import RunningAverage

REFRESH_SECONDS = 30.0
"""SQS is asked at most this often. Its counts are approximate, and up to a minute old:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""
_POLLERS = 5
"""Lambda polls a queue over so many connections, and over more only when a surge lasts:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
RATE_REFRESH_SECONDS = 30.0
IN_FLIGHT_MAX = 120_000
"""Messages that may be hidden at once. Then SQS delivers no more:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
_PUTS_SMOOTHING, _SIZES_SMOOTHING = 0.05, 0.005
"""The weight of the last put, and of the last record received. Sizes differ more than what puts of one size use."""


class BacklogQueue(Protocol):
    def depth(self) -> QueueDepth | None: ...


class BacklogTable(Protocol):
    def units_per_second(self) -> dict[str, float]: ...


@dataclass(slots=True)
class Backlog:
    """What one worker knows. `now` is wall time in seconds: it goes on while the environment is frozen."""

    queue: BacklogQueue
    table: BacklogTable
    now: Callable[[], float]
    workers: int
    """How many invocations run at the same time."""
    in_flight_max: int = IN_FLIGHT_MAX
    """Messages that the queue can hide at once."""
    depth: QueueDepth | None = None
    _asked_at: float | None = None
    _depth_at: float = 0.0
    _rates: dict[str, float] | None = None
    _rates_asked_at: float | None = None
    _throttled_at: float | None = None
    _shares: dict[str, float] | None = None
    """What a put uses of the table and of each index, for each write unit that was expected by its record's size."""
    _units: RunningAverage = field(default_factory=lambda: RunningAverage(_SIZES_SMOOTHING))
    """What a record is expected to use of the table."""
    _joined: int = 0
    """Since SQS answered."""

    def throttled(self) -> None:
        """The first throttle for a while may be a surge's: what SQS said before it is of no use."""
        if not self.throttled_within(REFRESH_SECONDS):
            self._asked_at = None
        self._throttled_at = self.now()

    def joined(self, messages: int) -> None:
        """So many new messages were deferred by this worker, and about half as many by each other one that is busy."""
        self._joined += messages

    def throttled_within(self, seconds: float) -> bool:
        """Whether this worker was throttled so lately."""
        return self._throttled_at is not None and self.now() - self._throttled_at < seconds

    def received(self, expected_units: Iterable[int]) -> None:
        """What each record of a batch is expected to use, by its size. The average is over many batches: a client's
        records are often of one size, and come in one batch, but what is behind them in the queue is not of that size.
        """
        for units in expected_units:
            self._units.add(units)

    def observe(self, units: dict[str, float], expected_units: int) -> None:
        """The write units that one put used, of the table ("") and of each index."""
        shares = {name: used / expected_units for name, used in units.items()}
        known = self._shares = self._shares or dict(shares)
        for name in {*known, *shares}:  # what is not among the units was not used
            share = shares.get(name, 0.0)
            before = known.get(name, share)
            known[name] = before + (share - before) * _PUTS_SMOOTHING

    def refresh(self) -> bool:
        """Asks SQS and DynamoDB, unless the answers are young. Whether SQS has answered now."""
        now, has_answered = self.now(), False
        if self._asked_at is None or now - self._asked_at >= REFRESH_SECONDS:
            self._asked_at = now
            if depth := self.queue.depth():
                self.depth, self._depth_at, self._joined = depth, now, 0
                has_answered = True
        if self._rates_asked_at is None or now - self._rates_asked_at >= RATE_REFRESH_SECONDS:
            self._rates_asked_at = now
            with suppress(TableUnavailable):  # what was known before is the best guess
                self._rates = self.table.units_per_second()
        return has_answered

    @property
    def is_unknown(self) -> bool:
        return self.depth is None

    @property
    def total(self) -> int:
        """All messages in the queue, as far as that is known."""
        return self.depth.total if self.depth else 0

    @property
    def is_hidden(self) -> bool:
        """Whether most of it was received and deferred, or as much as can be: the table is what it waits for."""
        hidden_max = self.in_flight_max / 2  # far more than the workers have in hand
        return self.depth is not None and self.depth.in_flight > min(self.depth.waiting, hidden_max)

    @property
    def is_full(self) -> bool:
        """Whether SQS hides as many as it can, and others wait for a slot. Its counts are up to 5 % wrong."""
        depth = self.depth
        return (
            depth is not None and depth.in_flight > 0.9 * self.in_flight_max and depth.waiting > depth.in_flight / 100
        )

    def trickles(self, new: int) -> bool:
        """Whether few messages come beside those that wait already: the `new` ones of a batch are not a surge's."""
        return self.depth is not None and self.depth.visible + new < self.depth.in_flight / 20

    def turn_seconds(self) -> float | None:
        """The time in which the table earns what one record costs, by its scarcest resource; None without a rate, and
        before any record was received.
        """
        if not self._rates or not self._units.value:
            return None
        shares = self._shares or {"": 1.0}
        turns = [
            self._units.value * shares[name] / rate for name, rate in self._rates.items() if rate and name in shares
        ]
        return max(turns, default=None)

    def drain_seconds(self) -> float:
        """How long the table needs for the backlog, for as much of it as can be hidden; 0 if that is not known."""
        turn = self.turn_seconds()
        if self.depth is None or turn is None:
            return 0.0
        # Those that were visible when SQS answered are counted already.
        others = min(self.workers, _POLLERS) - 1
        joined = max(0, (1 + others / 2) * self._joined - self.depth.waiting)
        total = self.depth.total + joined
        return max(0.0, min(total, self.in_flight_max) * turn - (self.now() - self._depth_at))
