"""A worker in a cold environment that has to decide when messages are redelivered, with SQS and a table beside it."""

from collections.abc import Callable, Sequence

from consumer.deferral import DeferredGroup
from consumer.delivery import Delivery
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import Consumer, Table, pending

NAMES = "abcdefghij"
MANY = [f"{n:02}" for n in range(25)]
RATE = 10.0
HIDDEN = QueueDepth(visible=1000, delayed=0, in_flight=10_000)
"""A backlog that waits for the table."""
HIDDEN_SECONDS = 1100.0
"""As long does a table with `RATE` need for it."""
VISIBLE = QueueDepth(visible=10_000, delayed=0, in_flight=1000)
"""A backlog of which the workers have not received most."""
NONE = QueueDepth(visible=0, delayed=0, in_flight=2)
"""No backlog, or what SQS says in the first minute of one."""
SLOW, FAST = 0.5, 100.0
"""Write units per second of a table that needs 40 seconds for a batch of every worker, or a fifth of a second."""
MOMENT = 131
"""The first that a worker draws for `HIDDEN` with a chance of a half, for messages that have not waited yet."""
WHEN_SHOWN, UNTIL_SHOWN = 68, 8
"""The same for the minute until SQS's counts show a surge: of a slow table, and of a fast one."""

Groups = list[tuple[str, int]]
"""The names of messages that are redelivered together, and after how many seconds."""


class Worker:
    """One of two, by default with a table that puts ten records a second. `rate` 0: it does not report its rate."""

    def __init__(
        self,
        depth: QueueDepth,
        rate: float = RATE,
        *,
        workers: int = 2,
        chance: float | Callable[[], float] = 0.5,
    ) -> None:
        consumer = Consumer(Table(rates={"": rate} if rate else {}), depth=depth, workers=workers, chance=chance)
        self.time, self.queue, self.backlog = consumer.time, consumer.queue, consumer.backlog
        self.deferral = consumer.dependencies.deferral

    def throttled_at(self, now: float) -> "Worker":
        self.time.now = now
        self.backlog.throttled()
        return self

    def hold_back(self, *deliveries: Delivery, may_ask: bool = True) -> Groups:
        return _groups(self.deferral.hold_back(pending(deliveries), may_ask=may_ask))

    def after_throttle(self, *deliveries: Delivery, done: int = 0, may_ask: bool = True) -> Groups:
        messages = pending(deliveries)
        self.backlog.received(each.units for each in messages)  # `hold_back` does that, and comes before the throttle
        return _groups(self.deferral.after_throttle(messages, done, may_ask=may_ask))


def _groups(deferred: Sequence[DeferredGroup]) -> Groups:
    return [("".join(each.record.key.partition for each in group.messages), group.seconds) for group in deferred]


def names(groups: Groups) -> list[str]:
    return [name for name, _ in groups]


def seconds(groups: Groups) -> list[int]:
    return [wait for _, wait in groups]
