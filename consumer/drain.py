"""The drain's policy: what is put now, what waits here for its turn, and what goes back to the queue.

Pure: the clock, the table and the queues are passed in.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumer.batch import Bad, Pending, read
from consumer.clock import Clock
from consumer.delivery import Delivery
from consumer.paced_table import NoTurn, PacedTable
from consumer.redelivery import RENEW_RECEIVES, failed_seconds, needs_renewal, throttled_seconds
from consumer.table import KeyThrottled, PutRefused, TableMisconfigured, TableUnavailable
from records.key import KeySchema

log = logging.getLogger(__name__)

STOP_MS = 10_000
"""Time left to the invocation at which no further put begins. One that has begun may take its client's timeouts (3 s),
and so may telling the queue when what is left comes again."""
LAST_CALL_MS = 4000
"""Time left at which no other call begins either."""
_UNAVAILABLE_SECONDS_MIN, _UNAVAILABLE_SECONDS_MAX = 0.1, 5.0
"""Pause after a put that failed for no reason of its own; it doubles in a row of them."""
_SUSPECT_SECONDS = 1.0
"""How long a message that may crash the function waits for its turn."""
_MISCONFIGURED_SECONDS = 10.0
"""An invocation that cannot put anything lasts so long, or the whole backlog would be received in vain meanwhile."""


class Queue(Protocol):
    def hide(self, delays: Sequence[tuple[Delivery, int]]) -> None: ...
    def renew(self, delivery: Delivery, delay: int) -> bool: ...
    def delete(self, delivery: Delivery) -> None: ...


class DeadLetterQueue(Protocol):
    def send(self, delivery: Delivery, reason: str, detail: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the drain works with."""

    table: PacedTable
    queue: Queue
    dead_letters: DeadLetterQueue
    key_schema: KeySchema
    clock: Clock
    count: Callable[[str, float], None]


class Drain:
    """One batch on its way. `time_left_ms` is what is left to its invocation."""

    def __init__(self, parts: Parts, time_left_ms: Callable[[], int]) -> None:
        self._parts = parts
        self._time_left_ms = time_left_ms
        self._stop_at = parts.clock.monotonic() + (time_left_ms() - STOP_MS) / 1000
        self._back: list[Delivery] = []

    def drain(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Puts the batch's records and returns the deliveries that belong back on the queue.

        Everything else is in the table, superseded there by a newer version, in the dead-letter queue, or sent anew.
        """
        self._parts.table.begin()
        self._settle_one_by_one([each for each in deliveries if each.receives > RENEW_RECEIVES])
        self._settle([each for each in deliveries if each.receives <= RENEW_RECEIVES], self._stop_at)
        return self._back

    def _settle_one_by_one(self, suspects: list[Delivery]) -> None:
        """One of these may crash the function: what was given back alive this often was sent anew.

        So each is done with, and deleted, before the next is read, in any order: a neighbour of what crashes gets away
        at every other crash, long before SQS gives up what crashes.
        """
        for suspect in sorted(suspects, key=lambda _: self._parts.clock.random()):
            self._settle([suspect], min(self._parts.clock.monotonic() + _SUSPECT_SECONDS, self._stop_at))
            if suspect not in self._back:
                self._parts.queue.delete(suspect)

    def _settle(self, deliveries: list[Delivery], stop_at: float) -> None:
        waiting, bad = read(deliveries, self._parts.key_schema)
        self._dead_letter(bad)
        held = deque(waiting)
        hot: list[Pending] = []
        pause = _UNAVAILABLE_SECONDS_MIN
        while held:
            self._give_back_what_does_not_fit(held, stop_at)
            if not held:
                # The backlog stays as it is for as long as this invocation has no turn.
                self._parts.clock.sleep_until(stop_at)
                break
            each = held.popleft()
            try:
                self._parts.table.put(each, stop_at)
                pause = _UNAVAILABLE_SECONDS_MIN
            except KeyThrottled as error:
                self._note(error, error.code)
                hot.append(each)
            except PutRefused as error:
                self._dead_letter([Bad(delivery, error.code, str(error)) for delivery in each.deliveries])
            except NoTurn:
                self._give_back([each, *held], self._throttled)
                break
            except TableUnavailable as error:
                self._note(error, error.code)
                held.append(each)  # behind the others: it may be about this record only
                if not self._pause(pause, stop_at):
                    self._give_back(held, self._failed)
                    break
                pause = min(2 * pause, _UNAVAILABLE_SECONDS_MAX)
            except TableMisconfigured as error:
                log.error(error.code, extra={"cause": str(error), "messages": len(held) + 1})
                self._parts.count(error.code, 1)
                self._give_back([each, *held], self._failed)
                self._pause(_MISCONFIGURED_SECONDS, stop_at)
                break
        self._give_back(hot, self._throttled)

    def _note(self, error: Exception, code: str) -> None:
        log.warning(code, extra={"cause": str(error)})
        self._parts.count(code, 1)

    def _pause(self, seconds: float, stop_at: float) -> bool:
        """Whether there is time left after it."""
        clock = self._parts.clock
        jittered = seconds * (0.5 + clock.random() / 2)
        clock.sleep_until(min(clock.monotonic() + jittered, stop_at))
        return clock.monotonic() < stop_at

    def _dead_letter(self, bad: list[Bad]) -> None:
        """Before the puts, which may wait; and after one that fails no other, so that good records are not kept."""
        left = list(bad)
        while left and self._time_left_ms() > LAST_CALL_MS:
            each = left[0]
            if not self._parts.dead_letters.send(each.delivery, each.reason, each.detail):
                break
            self._parts.count("dead_lettered", 1)
            self._parts.queue.delete(each.delivery)  # or a crash of this invocation would dead-letter it twice
            left.pop(0)
        # Never sent anew: a version that is none would become one.
        self._hide([(each.delivery, self._failed(each.delivery, 0.0)) for each in left])

    def _give_back_what_does_not_fit(self, held: deque[Pending], stop_at: float) -> None:
        """At once: whoever has capacity sooner may have them."""
        begins = self._parts.table.plan(held)
        now = self._parts.clock.monotonic()
        late: list[tuple[Delivery, int]] = []
        while held and begins[-1] >= stop_at:
            seconds = begins.pop() - now
            late += [(delivery, self._throttled(delivery, seconds)) for delivery in held.pop().deliveries]
        self._renew_or_hide(late)

    def _give_back(self, left: Sequence[Pending], delay: Callable[[Delivery, float], int]) -> None:
        begins = self._parts.table.plan(left)
        now = self._parts.clock.monotonic()
        self._renew_or_hide(
            [
                (delivery, delay(delivery, at - now))
                for each, at in zip(left, begins, strict=True)
                for delivery in each.deliveries
            ]
        )

    def _throttled(self, delivery: Delivery, capacity_in: float) -> int:
        return throttled_seconds(delivery, capacity_in, self._parts.clock.random)

    def _failed(self, delivery: Delivery, _capacity_in: float) -> int:
        return failed_seconds(delivery, self._parts.clock.random)

    def _renew_or_hide(self, delays: list[tuple[Delivery, int]]) -> None:
        hidden = []
        for delivery, seconds in delays:
            if (
                needs_renewal(delivery, self._parts.clock.now_ms())
                and self._time_left_ms() > LAST_CALL_MS
                and self._parts.queue.renew(delivery, seconds)
            ):
                self._parts.count("renewed", 1)
            else:
                hidden.append((delivery, seconds))
        self._hide(hidden)

    def _hide(self, delays: list[tuple[Delivery, int]]) -> None:
        if delays:
            self._back += [delivery for delivery, _ in delays]
            if self._time_left_ms() > LAST_CALL_MS:
                self._parts.queue.hide(delays)
