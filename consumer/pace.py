"""When this worker's next put may begin, so that all workers together use what the table gives, and not more.

Pure: the time and the randomness are passed in. A worker is one warm environment of the function. It shares the table
with others that it does not know, and notices them only by throttles. docs/decisions/0006 has the measurement.
"""

from collections.abc import Callable, Sequence

IDLE_SECONDS = 30.0
"""After this long without a put there is burst credit again, and the worker starts at full speed."""
_MARGIN = 1.01
"""A turn is this much longer than the share's, so that small delays do not add up to throttles."""

_RETRY = 0.25
"""First wait after a throttle, as a share of the time in which the table earns the item's units."""
_RETRY_GROWTH = 1.25
_RETRY_SECONDS_MIN = 0.004
_RETRY_SECONDS_MAX = 10.0
"""Longer only where a turn is."""

_QUIET_PUTS = 20
"""Puts without a throttle, for each of the workers, after which one tries a higher rate: others may be idle."""
_QUIET_DOUBLINGS_MAX = 4
"""After each trial that fails, the next one waits twice as long; the wait doubles up to this often."""
_QUIET_THROTTLES = 0.02
_TRIAL_PUTS = 8
_TRIAL_THROTTLES = 2
_TRIAL_GROWTH = 1.5

_WINDOW_CALLS = 40
_TOO_FAST = 0.12
"""Throttled calls of a window that send a rate above the share back towards it."""
_FAR_TOO_FAST = 0.5
"""The same, where the table's own rate is not known."""


class Pace:
    """At full speed until the first throttle, because burst credit is there to be used; then in turns.

    A turn is a put's write units divided by this worker's rate. The rate begins as the table's provisioned units a
    second divided by `workers`, which is how many may run at once. The workers do not know each other: each finds its
    place in the sequence by retrying after a throttle, and keeps it, because the turns of all are equally long. A
    worker that has not been throttled for long tries a higher rate, up to the table's, and falls back when that rate
    is throttled.
    """

    def __init__(self, workers: int, random: Callable[[], float]) -> None:
        self._workers = workers
        self._random = random
        self.next_at = 0.0
        """When the next put may begin, in seconds of the caller's monotonic clock."""
        self.units_per_second = 0.0
        """This worker's rate; 0 until the first throttle."""
        self._full_speed = True
        self._table: float | None = None
        self._proven = 0.0  # the rate that a trial falls back to
        self._trial_since: float | None = None
        self._quiet_puts = _QUIET_PUTS * workers
        self._puts = self._throttles = 0  # of the present window
        self._throttled_in_a_row = 0
        self._last_put_at = 0.0
        self._free_units, self._free_since = 0.0, 0.0  # what full speed has put

    @property
    def full_speed(self) -> bool:
        return self._full_speed

    def begin(self, now: float) -> None:
        """A batch begins."""
        if now - max(self._last_put_at, self.next_at) >= IDLE_SECONDS:
            self._full_speed = True
            self._free_units, self._free_since = 0.0, now

    def provisioned(self, units_per_second: float | None) -> None:
        """The table's provisioned rate; None for an on-demand table, or while the rate is not known."""
        known, self._table = self._table, units_per_second
        if units_per_second and known != units_per_second:
            self.units_per_second = self._proven = units_per_second / self._workers
            self._trial_since, self._quiet_puts = None, _QUIET_PUTS * self._workers
            self._window()

    def plan(self, units: Sequence[float], now: float) -> list[float]:
        """When a put of each of these write units could begin, one after the other, at the present rate."""
        at, begins = max(now, self.next_at), []
        for each in units:
            begins.append(at)
            at += 0.0 if self._full_speed else self._turn(each)
        return begins

    def put(self, units: float, began: float) -> None:
        """The table took a put that began then and used these write units."""
        self._last_put_at = began
        self._throttled_in_a_row = 0
        if self._full_speed:
            self._free_units += units
            return
        self._puts += 1
        if self._trial_since is not None:
            # Long enough to use up what one second of the table may have left unused.
            if self._puts >= _TRIAL_PUTS and began - self._trial_since >= 2 * self._workers:
                self._proven = self.units_per_second
                self._try_more(began)
        elif self._puts >= self._quiet_puts:
            if self._throttles <= _QUIET_THROTTLES * self._puts:
                self._try_more(began)
            else:
                self._window()
        self.next_at = began + self._turn(units)

    def throttled(self, units: float, now: float) -> None:
        """The table refused a put that would have used about these write units."""
        if self._full_speed:
            self._full_speed = False
            if self._table is None:  # half of what it gave with its credit, and then by trial
                self.units_per_second = self._proven = max(self._free_units, 1) / max(now - self._free_since, 1) / 2
            self._window()
            self.next_at = now + self._random() * self._turn(units)
            return
        self._throttles += 1
        if self._trial_since is not None:
            if self._throttles >= _TRIAL_THROTTLES:
                self.units_per_second, self._trial_since = self._proven, None
                self._quiet_puts = min(2 * self._quiet_puts, _QUIET_PUTS * self._workers << _QUIET_DOUBLINGS_MAX)
                self._window()
        elif self._puts + self._throttles >= _WINDOW_CALLS:
            self._slow_down()
        wait = self._turn(units) / self._workers * _RETRY * _RETRY_GROWTH ** min(self._throttled_in_a_row, 30)
        self._throttled_in_a_row += 1
        wait = min(wait, max(self._turn(units), _RETRY_SECONDS_MAX))
        self.next_at = now + max(wait, _RETRY_SECONDS_MIN) * (0.7 + 0.6 * self._random())

    def _turn(self, units: float) -> float:
        return units / self.units_per_second * _MARGIN

    def _try_more(self, now: float) -> None:
        self._window()
        self._trial_since = None
        most = self._table or self.units_per_second * _TRIAL_GROWTH
        if self.units_per_second < most:
            self.units_per_second = min(self.units_per_second * _TRIAL_GROWTH, most)
            self._trial_since = now

    def _slow_down(self) -> None:
        throttled = self._throttles / (self._puts + self._throttles)
        if self._table is None and throttled >= _FAR_TOO_FAST:
            self.units_per_second = self._proven = self.units_per_second * 0.8
        elif self._table is not None and throttled >= _TOO_FAST:
            # Never below the share: others that write too are met by trying again, and that costs calls, not units.
            share = self._table / self._workers
            self.units_per_second = self._proven = max(self.units_per_second / _TRIAL_GROWTH, share)
        self._window()

    def _window(self) -> None:
        self._puts = self._throttles = 0
