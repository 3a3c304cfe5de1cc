"""A backlog with what it asks, for the tests of what is known of it."""

from consumer.backlog import Backlog
from telemetry.queue_depth import QueueDepth
from tests.unit.consumer.doubles import Queue, Table, Time


class Known:
    """A backlog with its queue, its table and the time."""

    def __init__(
        self, visible: int = 0, in_flight: int = 0, *, workers: int = 2, units: int = 1, **rates: float
    ) -> None:
        self.time = Time()
        self.queue = Queue(self.time)
        self.queue.depth_now = QueueDepth(visible=visible, delayed=0, in_flight=in_flight)
        self.table = Table(rates={name.removeprefix("table"): rate for name, rate in rates.items()}, time=self.time)
        self.backlog = Backlog(self.queue, self.table, lambda: self.time.now, workers)
        self.backlog.received([units])

    def refresh_at(self, now: float) -> None:
        self.time.now = now
        self.backlog.refresh()
