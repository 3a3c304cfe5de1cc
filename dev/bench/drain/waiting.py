"""The drain that waits: each worker sleeps inside its invocation until its turn for the table has come.

This was Forebay's policy before it deferred messages; here is the part of it that decides what a drain costs. A worker
puts at full speed until the first throttle, then at its share of the table's rate. What it cannot put in its time it
hides until there may be capacity. Pure: clock, queue and table are passed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from consumer.batch import Pending, read_batch
from consumer.delivery import Delivery
from consumer.queue import DeliveryQueue
from consumer.redelivery import needs_renewal
from consumer.table import Put, TableThrottled
from records.item import Provenance
from records.key import KeySchema
from records.limits import SEND_BATCH_ENTRIES_MAX
from records.validation import Record

STOP_SECONDS = 10.0
"""No put begins when the invocation has less time left than this."""
_IDLE_SECONDS = 30.0
"""After this long without a put, the worker starts at full speed again."""
_MARGIN = 1.01
_RETRY, _RETRY_GROWTH = 0.25, 1.25
"""First wait after a throttle, as a share of the time in which the table earns an item's units; and its growth."""
_RETRY_SECONDS_MIN, _RETRY_SECONDS_MAX = 0.004, 10.0
_HIDE_SECONDS_MAX = 300


class WaitingTable(Protocol):
    def put(self, record: Record, provenance: Provenance) -> Put: ...
    def units_per_second(self) -> dict[str, float]: ...


@dataclass(frozen=True, slots=True)
class WaitingClock:
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]


class WaitingDrain:
    """One worker's. `workers` is how many invocations run at the same time."""

    def __init__(self, table: WaitingTable, queue: DeliveryQueue, clock: WaitingClock, workers: int) -> None:
        self._table, self._queue, self._clock, self._workers = table, queue, clock, workers
        self._share = 0.0  # units a second; 0 until the first throttle
        self._full_speed = True
        self._next_at = self._last_put_at = 0.0
        self._throttled_in_a_row = 0

    def handler(self, event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:  # noqa: ANN401 - Lambda's
        now = self._clock.monotonic()
        stop_at = now + context.get_remaining_time_in_millis() / 1000 - STOP_SECONDS
        if now - max(self._last_put_at, self._next_at) >= _IDLE_SECONDS:
            self._full_speed = True
        pending, _ = read_batch(map(Delivery.of, event["Records"]), KeySchema())
        returned = [delivery for each in self._late(pending, stop_at) for delivery in each.deliveries]
        return {"batchItemFailures": [{"itemIdentifier": delivery.message_id} for delivery in returned]}

    def _late(self, pending: list[Pending], stop_at: float) -> list[Pending]:
        """Puts what has a turn before `stop_at`, and hides and returns the rest."""
        late: list[Pending] = []
        while pending:
            in_time = [each for n, each in enumerate(pending) if self._turn_of(n, each) < stop_at]
            late += self._hidden(pending[len(in_time) :], len(in_time))
            if not in_time:
                self._sleep_until(stop_at)  # to receive more messages would change nothing
                break
            if not self._put(in_time[0], stop_at):
                return late + self._hidden(in_time, 0)
            pending = in_time[1:]
        return late

    def _put(self, each: Pending, stop_at: float) -> bool:
        while True:
            self._sleep_until(min(self._next_at, stop_at))
            began = self._clock.monotonic()
            if began >= stop_at:
                return False
            try:
                self._table.put(
                    each.record, Provenance.of(each.record.version, each.newest.sent_ms, self._clock.now_ms())
                )
            except TableThrottled:
                self._throttled(each.units)
                continue
            self._last_put_at, self._throttled_in_a_row = began, 0
            if not self._full_speed:
                self._next_at = began + self._turn(each.units)
            return True

    def _throttled(self, units: int) -> None:
        now, random = self._clock.monotonic(), self._clock.random()
        if self._full_speed:
            self._full_speed = False
            self._share = self._share or self._table.units_per_second()[""] / self._workers
            self._next_at = now + random * self._turn(units)
            return
        wait = self._turn(units) / self._workers * _RETRY * _RETRY_GROWTH ** min(self._throttled_in_a_row, 30)
        wait = max(min(wait, max(self._turn(units), _RETRY_SECONDS_MAX)), _RETRY_SECONDS_MIN)
        self._throttled_in_a_row += 1
        self._next_at = now + wait * (0.7 + 0.6 * random)

    def _turn(self, units: int) -> float:
        """The time in which this worker's share of the table earns so many units."""
        return units / self._share * _MARGIN

    def _turn_of(self, position: int, each: Pending) -> float:
        """When the put of a batch's record at this position may begin."""
        first = max(self._clock.monotonic(), self._next_at)
        return first if self._full_speed else first + position * self._turn(each.units)

    def _hidden(self, late: list[Pending], position: int) -> list[Pending]:
        delays: list[tuple[Delivery, int]] = []
        for n, each in enumerate(late):
            for delivery in each.deliveries:
                wait = max(self._turn_of(position + n, each) - self._clock.monotonic(), 2.0 ** (delivery.receives - 1))
                seconds = max(1, round(min(wait, _HIDE_SECONDS_MAX) * (0.5 + self._clock.random() / 2)))
                if needs_renewal(delivery, self._clock.now_ms()) and self._queue.renew(delivery, seconds):
                    each.deliveries = [other for other in each.deliveries if other is not delivery]  # it is deleted
                else:
                    delays.append((delivery, seconds))
        for start in range(0, len(delays), SEND_BATCH_ENTRIES_MAX):
            self._queue.hide(delays[start : start + SEND_BATCH_ENTRIES_MAX])
        return late

    def _sleep_until(self, at: float) -> None:
        self._clock.sleep(max(0.0, at - self._clock.monotonic()))
