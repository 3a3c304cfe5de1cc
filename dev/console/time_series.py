"""What the console shows over time: snapshots become points of a bounded series. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ops.live_cost import Meters

Json: TypeAlias = dict[str, Any]

POINTS_MAX = 900
"""A quarter of an hour of points, one a second."""
MEAN_SECONDS = 10.0
"""A table of one unit a second takes a record of five units every five seconds, so its rate is shown as a mean."""


@dataclass(frozen=True, slots=True)
class OriginalPatternSnapshot:
    """The original pattern's queue and table at one moment."""

    backlog: int
    dead_lettered: int
    stored: int
    meters: Meters = field(default_factory=Meters)
    """Without time and capacity, which are those of Forebay's table."""


@dataclass(frozen=True, slots=True)
class StackSnapshot:
    """The stack at one moment. The totals count from its start."""

    at: float
    """Unix seconds."""
    backlog: int
    """Records that are accepted, and neither in the table nor dead-lettered."""
    dead_lettered: int
    items: int
    """In the table."""
    capacity: int
    """Write units a second that the table is provisioned for."""
    seconds_to_empty: float | None
    sent: int
    """Messages that SQS confirmed."""
    units: float
    """Write units that the table charged."""
    puts: int
    superseded: int
    throttles: int
    saved_up: float = 0.0
    """Write units of unused capacity that the table has kept."""
    saved_up_max: float = 0.0
    meters: Meters = field(default_factory=Meters)
    faults: frozenset[str] = frozenset()
    last_puts: tuple[Mapping[str, Any], ...] = ()
    """The newest is the last."""
    original: OriginalPatternSnapshot | None = None


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One moment on the charts. A rate is None where it is unknown: at first, and after a gap."""

    at: float
    accepted: float | None
    """Records a second."""
    units: float | None
    """Write units a second that the table charged, a mean of `MEAN_SECONDS`."""
    records: float | None
    """Records a second that the table took, a mean too."""
    capacity: int
    backlog: int
    original_unstored: int | None
    """The original pattern's backlog and dead letters: what it was sent and has not stored."""


@dataclass(slots=True)
class TimeSeries:
    """One for all tabs of the page, so that a reload shows what was there before."""

    points: deque[ChartPoint] = field(default_factory=lambda: deque(maxlen=POINTS_MAX))
    latest: StackSnapshot | None = None
    error: str = ""
    """Why the stack does not answer; empty while it does."""
    error_since: float = 0.0
    """Unix seconds."""
    waited_seconds: float = 0.0
    """For how long there was a backlog."""
    _recent: deque[StackSnapshot] = field(default_factory=deque)

    def add(self, snapshot: StackSnapshot) -> None:
        previous = self.latest
        if self.error or (previous and snapshot.sent < previous.sent):
            # Nothing is known of the time in between, or another stack counts now.
            self._recent.clear()
            previous = None
        self.error = ""
        if previous and previous.backlog:
            self.waited_seconds += max(0.0, snapshot.at - previous.at)
        self.latest = snapshot
        self._recent.append(snapshot)
        while len(self._recent) > 2 and snapshot.at - self._recent[1].at >= MEAN_SECONDS:  # noqa: PLR2004 - a rate needs two
            self._recent.popleft()
        self.points.append(self._point(previous, snapshot))

    def mark_unreachable(self, error: str, at: float) -> None:
        """The stack did not answer."""
        if not self.error:
            self.error_since = at
        self.error = error

    def _point(self, previous: StackSnapshot | None, now: StackSnapshot) -> ChartPoint:
        first = self._recent[0]
        original = now.original
        return ChartPoint(
            at=now.at,
            accepted=_rate(previous, now, "sent"),
            units=_rate(first, now, "units"),
            records=_rate(first, now, "puts", "superseded"),
            capacity=now.capacity,
            backlog=now.backlog,
            original_unstored=original.backlog + original.dead_lettered if original else None,
        )


def _rate(earlier: StackSnapshot | None, now: StackSnapshot, *totals: str) -> float | None:
    if earlier is None or now.at <= earlier.at:
        return None
    more: float = sum(getattr(now, name) - getattr(earlier, name) for name in totals)
    return max(0.0, more / (now.at - earlier.at))
