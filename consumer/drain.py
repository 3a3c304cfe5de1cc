"""The drain of one batch: what is put now, what is dead-lettered, and what is redelivered, and when.

It never waits: SQS is the timer. Pure: the clock, the table and the queues are passed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumer.batch import Pending, RejectedMessage, read_batch
from consumer.clock import Clock
from consumer.deferral import Deferral
from consumer.delivery import Delivery
from consumer.puts import Puts
from consumer.redelivery import FAILED_SECONDS_MAX, RENEW_RECEIVES, failed_seconds, needs_renewal
from records.key import KeySchema
from records.limits import SEND_BATCH_ENTRIES_MAX

STOP_MS = 10_000
"""No put and no look at the backlog begins when the invocation has less time left than this. A put that has begun may
take its client's timeouts (3 s), a look twice that, and the call that defers what is left takes them again."""
LAST_CALL_MS = 4000
"""No other call begins either when there is less time left than this."""


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

    puts: Puts
    deferral: Deferral
    queue: DrainQueue
    dead_letters: DrainDeadLetters
    key_schema: KeySchema
    clock: Clock
    count: Callable[[str, float], None]


class Drain:
    """`time_left_ms` returns the time that the invocation has left."""

    def __init__(self, dependencies: DrainDependencies, time_left_ms: Callable[[], int]) -> None:
        self._dependencies = dependencies
        self._time_left_ms = time_left_ms
        self._returned: list[Delivery] = []
        self._deferred: list[tuple[Delivery, int]] = []

    def drain(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Puts the batch's records and returns the deliveries that have to return to the queue.

        Every other one is in the table, superseded there by a newer version, in the dead-letter queue, or re-enqueued.
        """
        self._process_one_by_one([each for each in deliveries if each.receives > RENEW_RECEIVES])
        self._process([each for each in deliveries if each.receives <= RENEW_RECEIVES])
        return self._returned

    def _process_one_by_one(self, suspects: list[Delivery]) -> None:
        """One of these may crash the function: a message that was returned this often without a crash was re-enqueued.

        So each is processed and deleted before the next is read, in random order: in half of the crashes, a good
        message was processed first, and so it is safe long before SQS dead-letters the one that crashes.
        """
        for suspect in sorted(suspects, key=lambda _: self._dependencies.clock.random()):
            self._process([suspect])
            if suspect not in self._returned:
                self._delete(suspect)

    def _process(self, deliveries: list[Delivery]) -> None:
        deferral = self._dependencies.deferral
        pending, rejected = read_batch(deliveries, self._dependencies.key_schema)
        self._dead_letter(rejected)
        held_back = deferral.hold_back(pending, may_ask=self._has_time())
        waiting = {id(each) for group in held_back for each in group.messages}
        outcome = self._dependencies.puts.put_all(
            [each for each in pending if id(each) not in waiting], has_time=self._has_time
        )
        self._dead_letter(outcome.refused)
        if outcome.throttled:
            held_back += deferral.after_throttle(outcome.throttled, outcome.done, may_ask=self._has_time())
        for group in held_back:
            for each in group.messages:
                self._defer(each, group.seconds)
        for each in outcome.hot:
            self._defer(each, deferral.soon(each))
        for each in outcome.failed:
            self._defer(each, failed_seconds(each.receives, self._dependencies.clock.random))
        self._hide()

    def _has_time(self) -> bool:
        return self._time_left_ms() > STOP_MS

    def _delete(self, delivery: Delivery) -> None:
        if self._time_left_ms() > LAST_CALL_MS:
            self._dependencies.queue.delete(delivery)

    def _dead_letter(self, rejected: list[RejectedMessage]) -> None:
        left = list(rejected)
        while left and self._time_left_ms() > LAST_CALL_MS:
            each = left[0]
            if not self._dependencies.dead_letters.send(each.delivery, each.reason, each.detail):
                break
            self._dependencies.count("dead_lettered", 1)
            self._delete(each.delivery)  # or a crash of this invocation would dead-letter it twice
            left.pop(0)
        # Never re-enqueued: a copy would get a valid version in place of an invalid one.
        self._deferred += [
            (each.delivery, failed_seconds(each.delivery.receives, self._dependencies.clock.random)) for each in left
        ]

    def _defer(self, each: Pending, seconds: int) -> None:
        """Defers its messages for so long, or re-enqueues those that were received too often or kept too long."""
        for delivery in each.deliveries:
            if (
                needs_renewal(delivery, self._dependencies.clock.now_ms())
                and self._time_left_ms() > LAST_CALL_MS
                and self._dependencies.queue.renew(delivery, min(seconds, FAILED_SECONDS_MAX))
            ):
                self._dependencies.count("renewed", 1)
            else:
                self._deferred.append((delivery, seconds))

    def _hide(self) -> None:
        """Ten at once, as many as SQS takes in a request. Without time for it, SQS's visibility timeout has to do."""
        deferred, self._deferred = self._deferred, []
        if not deferred:
            return
        self._returned += [delivery for delivery, _ in deferred]
        self._dependencies.count("deferred", len(deferred))
        for start in range(0, len(deferred), SEND_BATCH_ENTRIES_MAX):
            if self._time_left_ms() > LAST_CALL_MS:
                self._dependencies.queue.hide(deferred[start : start + SEND_BATCH_ENTRIES_MAX])
