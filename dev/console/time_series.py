"""What the console shows over time: readings become points, bounded in number. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

POINTS_MAX = 900
"""A quarter of an hour of points, one a second."""
MEAN_SECONDS = 10.0
"""A table of one unit a second takes a record of five units every five seconds: its rate is a mean."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The original pattern's queue and table, at one moment."""

    backlog: int
    dead_lettered: int
    stored: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the stack says of itself at one moment. The totals count from its start."""

    at: float
    """Unix seconds."""
    waiting: int
    in_flight: int
    dead_lettered: int
    items: int
    """In the table."""
    capacity: int
    """Write units a second that the table is provisioned for."""
    seconds_to_empty: float | None
    sent: int
    """Messages that SQS confirmed."""
    units: float
    puts: int
    superseded: int
    throttles: int
    faults: frozenset[str] = frozenset()
    last_puts: tuple[Mapping[str, Any], ...] = ()
    """The newest last."""
    beside: Beside | None = None

    @property
    def backlog(self) -> int:
        return self.waiting + self.in_flight


@dataclass(frozen=True, slots=True)
class Point:
    """A moment on the charts. A rate is None where it is not known: at first, and after a gap."""

    at: float
    accepted: float | None
    """Records a second."""
    units: float | None
    """Write units a second that the table gave, a mean of `MEAN_SECONDS`."""
    records: float | None
    """Records a second that the table took, a mean too."""
    throttles: float | None
    """Calls a second that the table refused."""
    capacity: int
    backlog: int
    in_flight: int
    beside: int | None
    """The original pattern's backlog and dead letters: what it was sent and has not stored."""


@dataclass(slots=True)
class Series:
    """For all tabs of the page; a reload finds it as it was."""

    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS_MAX))
    reading: Reading | None = None
    """The latest."""
    trouble: str = ""
    """Why there is none now; empty while the stack answers."""
    trouble_since: float = 0.0
    _recent: deque[Reading] = field(default_factory=deque)

    def add(self, reading: Reading) -> None:
        before = self.reading
        if self.trouble or (before and reading.sent < before.sent):
            # Nothing is known of the time between, or another stack counts now.
            self._recent.clear()
            before = None
        self.trouble = ""
        self.reading = reading
        self._recent.append(reading)
        while len(self._recent) > 2 and reading.at - self._recent[1].at >= MEAN_SECONDS:  # noqa: PLR2004 - two make a rate
            self._recent.popleft()
        self.points.append(self._point(before, reading))

    def lost(self, trouble: str, at: float) -> None:
        """The stack did not answer."""
        if not self.trouble:
            self.trouble_since = at
        self.trouble = trouble

    def _point(self, before: Reading | None, now: Reading) -> Point:
        first = self._recent[0]
        return Point(
            at=now.at,
            accepted=_rate(before, now, "sent"),
            units=_rate(first, now, "units"),
            records=_rate(first, now, "puts", "superseded"),
            throttles=_rate(before, now, "throttles"),
            capacity=now.capacity,
            backlog=now.backlog,
            in_flight=now.in_flight,
            beside=now.beside.backlog + now.beside.dead_lettered if now.beside else None,
        )


def _rate(before: Reading | None, now: Reading, *names: str) -> float | None:
    if before is None or now.at <= before.at:
        return None
    more: float = sum(getattr(now, name) - getattr(before, name) for name in names)
    return max(0.0, more / (now.at - before.at))
