"""The drain's policy: what is put now, what waits in this invocation for its turn, and what returns to the queue.

Pure: the clock, the table and the queues are passed in.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumer.batch import Pending, RejectedMessage, read_batch
from consumer.clock import Clock
from consumer.delivery import Delivery
from consumer.paced_table import NoTurn, PacedTable
from consumer.redelivery import RENEW_RECEIVES, failed_seconds, needs_renewal, throttled_seconds
from consumer.table import KeyThrottled, PutRefused, TableMisconfigured, TableUnavailable
from records.key import KeySchema

log = logging.getLogger(__name__)

STOP_MS = 10_000
"""No put begins when the invocation has less time left than this. A put that has begun may take its client's timeouts
(3 s), and so may the call that defers the messages that are left."""
LAST_CALL_MS = 4000
"""No other call begins either when there is less time left than this."""
_UNAVAILABLE_SECONDS_MIN, _UNAVAILABLE_SECONDS_MAX = 0.1, 5.0
"""Backoff after a put to an unavailable table; it doubles with each such put in a row."""
_SUSPECT_SECONDS = 1.0
"""How long a message that may have crashed the function waits for its turn."""
_MISCONFIGURED_SECONDS = 10.0
"""An invocation that cannot put anything takes this long. Otherwise the whole backlog would be received for nothing."""


class DrainQueue(Protocol):
    """What the drain needs of the record queue: see `consumer.queue.DeliveryQueue`."""

    def hide(self, delays: Sequence[tuple[Delivery, int]]) -> None: ...
    def renew(self, delivery: Delivery, delay: int) -> bool: ...
    def delete(self, delivery: Delivery) -> None: ...


class DrainDeadLetters(Protocol):
    """What the drain needs of the dead-letter queue: see `consumer.dead_letters.DeadLetterSender`."""

    def send(self, delivery: Delivery, reason: str, detail: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class DrainDependencies:
    """What the drain works with; `count` takes the names of `telemetry.metrics`."""

    table: PacedTable
    queue: DrainQueue
    dead_letters: DrainDeadLetters
    key_schema: KeySchema
    clock: Clock
    count: Callable[[str, float], None]


class Drain:
    """The drain of one batch. `time_left_ms` returns the time that the invocation has left."""

    def __init__(self, dependencies: DrainDependencies, time_left_ms: Callable[[], int]) -> None:
        self._dependencies = dependencies
        self._time_left_ms = time_left_ms
        self._stop_at = dependencies.clock.monotonic() + (time_left_ms() - STOP_MS) / 1000
        self._returned: list[Delivery] = []

    def drain(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Puts the batch's records and returns the deliveries that have to return to the queue.

        Every other one is in the table, superseded there by a newer version, in the dead-letter queue, or re-enqueued.
        """
        self._dependencies.table.begin()
        self._process_one_by_one([each for each in deliveries if each.receives > RENEW_RECEIVES])
        self._process([each for each in deliveries if each.receives <= RENEW_RECEIVES], self._stop_at)
        return self._returned

    def _process_one_by_one(self, suspects: list[Delivery]) -> None:
        """One of these may crash the function: a message that was returned this often without a crash was re-enqueued.

        So each is processed and deleted before the next is read, in random order: in half of the crashes, a good
        message was processed first, and so it is safe long before SQS dead-letters the one that crashes.
        """
        for suspect in sorted(suspects, key=lambda _: self._dependencies.clock.random()):
            self._process([suspect], min(self._dependencies.clock.monotonic() + _SUSPECT_SECONDS, self._stop_at))
            if suspect not in self._returned:
                self._dependencies.queue.delete(suspect)

    def _process(self, deliveries: list[Delivery], stop_at: float) -> None:
        pending, rejected = read_batch(deliveries, self._dependencies.key_schema)
        self._dead_letter(rejected)
        waiting = deque(pending)
        hot: list[Pending] = []
        pause = _UNAVAILABLE_SECONDS_MIN
        while waiting:
            self._return_what_has_no_turn(waiting, stop_at)
            if not waiting:
                # Without a turn, this invocation waits: to receive more messages would change nothing.
                self._dependencies.clock.sleep_until(stop_at)
                break
            each = waiting.popleft()
            try:
                self._dependencies.table.put(each, stop_at)
                pause = _UNAVAILABLE_SECONDS_MIN
            except KeyThrottled as error:
                self._note(error, error.code)
                hot.append(each)
            except PutRefused as error:
                self._dead_letter([RejectedMessage(delivery, error.code, str(error)) for delivery in each.deliveries])
            except NoTurn:
                self._return([each, *waiting], self._throttled)
                break
            except TableUnavailable as error:
                self._note(error, error.code)
                waiting.append(each)  # behind the others: the failure may concern only this record
                if not self._pause(pause, stop_at):
                    self._return(waiting, self._failed)
                    break
                pause = min(2 * pause, _UNAVAILABLE_SECONDS_MAX)
            except TableMisconfigured as error:
                log.error(error.code, extra={"cause": str(error), "messages": len(waiting) + 1})
                self._dependencies.count(error.code, 1)
                self._return([each, *waiting], self._failed)
                self._pause(_MISCONFIGURED_SECONDS, stop_at)
                break
        self._return(hot, self._throttled)

    def _note(self, error: Exception, code: str) -> None:
        log.warning(code, extra={"cause": str(error)})
        self._dependencies.count(code, 1)

    def _pause(self, seconds: float, stop_at: float) -> bool:
        """Whether there is time left after it."""
        clock = self._dependencies.clock
        jittered = seconds * (0.5 + clock.random() / 2)
        clock.sleep_until(min(clock.monotonic() + jittered, stop_at))
        return clock.monotonic() < stop_at

    def _dead_letter(self, rejected: list[RejectedMessage]) -> None:
        """Called before the puts, because they may wait."""
        left = list(rejected)
        while left and self._time_left_ms() > LAST_CALL_MS:
            each = left[0]
            if not self._dependencies.dead_letters.send(each.delivery, each.reason, each.detail):
                break
            self._dependencies.count("dead_lettered", 1)
            self._dependencies.queue.delete(each.delivery)  # or a crash of this invocation would dead-letter it twice
            left.pop(0)
        # Never re-enqueued: a copy would get a valid version in place of an invalid one.
        self._hide([(each.delivery, self._failed(each.delivery, 0.0)) for each in left])

    def _return_what_has_no_turn(self, waiting: deque[Pending], stop_at: float) -> None:
        """Returns at once what cannot be put before `stop_at`: another invocation may have capacity sooner."""
        begins = self._dependencies.table.plan(waiting)
        now = self._dependencies.clock.monotonic()
        late: list[tuple[Delivery, int]] = []
        while waiting and begins[-1] >= stop_at:
            seconds = begins.pop() - now
            late += [(delivery, self._throttled(delivery, seconds)) for delivery in waiting.pop().deliveries]
        self._renew_or_hide(late)

    def _return(self, left: Sequence[Pending], delay: Callable[[Delivery, float], int]) -> None:
        begins = self._dependencies.table.plan(left)
        now = self._dependencies.clock.monotonic()
        self._renew_or_hide(
            [
                (delivery, delay(delivery, at - now))
                for each, at in zip(left, begins, strict=True)
                for delivery in each.deliveries
            ]
        )

    def _throttled(self, delivery: Delivery, capacity_in: float) -> int:
        return throttled_seconds(delivery, capacity_in, self._dependencies.clock.random)

    def _failed(self, delivery: Delivery, _capacity_in: float) -> int:
        return failed_seconds(delivery, self._dependencies.clock.random)

    def _renew_or_hide(self, delays: list[tuple[Delivery, int]]) -> None:
        hidden = []
        for delivery, seconds in delays:
            if (
                needs_renewal(delivery, self._dependencies.clock.now_ms())
                and self._time_left_ms() > LAST_CALL_MS
                and self._dependencies.queue.renew(delivery, seconds)
            ):
                self._dependencies.count("renewed", 1)
            else:
                hidden.append((delivery, seconds))
        self._hide(hidden)

    def _hide(self, delays: list[tuple[Delivery, int]]) -> None:
        if delays:
            self._returned += [delivery for delivery, _ in delays]
            if self._time_left_ms() > LAST_CALL_MS:
                self._dependencies.queue.hide(delays)
