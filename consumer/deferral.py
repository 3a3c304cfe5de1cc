"""The deferring policy: which messages are not tried now, and when they are redelivered. Pure: clock, queue and table
are passed in. docs/drain.md explains it with a timeline.

Nobody is paid to wait. All that a worker knows is how long the table needs for the backlog, when it was last throttled,
and what SQS says of each message; none of it is lost with the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consumer.backlog import Backlog
from consumer.batch import Pending
from consumer.clock import Clock
from consumer.schedule import Schedule, are_counts_shown, is_between_steps, is_first_minute

_RECEIVE_MAX = 10
"""Messages that SQS delivers together, and so what is hidden together."""
_BACKLOG_SECONDS_MIN = 20.0
"""A backlog that the table puts faster than this is no reason to wait."""
_RETRY_SECONDS_MAX = 60.0
_FAST_SECONDS, _SLOW_SECONDS = 1.0, 20.0
"""A table is fast when it needs at most the one for ten records, and less than the other for ten of every worker."""
_YOUNG_MS = 180_000
"""Messages of a surge that has just filled SQS's slots are not older."""
_REST_EVERY_MS, _REST_MS = 3_600_000, 60_000
"""Once an hour whatever is throttled returns late, so that a table which has credit again can save some up."""


@dataclass(frozen=True, slots=True)
class DeferredGroup:
    """Messages that are redelivered together, so that a receive and an invocation are for all of them."""

    messages: Sequence[Pending]
    seconds: int
    """From now."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """One worker's."""

    backlog: Backlog
    schedule: Schedule
    clock: Clock

    def hold_back(self, pending: list[Pending], *, may_ask: bool) -> list[DeferredGroup]:
        """What of a batch is not tried: messages that are new to a backlog, and those whose moment has not come.

        `may_ask`: there is time to ask for the backlog.
        """
        new = [each for each in pending if each.receives == 1]
        early = [each for each in pending if is_first_minute(each.receives, self._waited(each))]
        between = [each for each in pending if is_between_steps(each.receives, self._waited(each))]
        self.backlog.received(each.units for each in pending)
        are_counted = False  # by an answer of SQS: only one after their receive counts these messages
        if may_ask and (early or between or (new and self._is_busy()) or self.backlog.is_full):
            are_counted = self.backlog.refresh()
        if self.backlog.is_full:
            return self._not_this_round(pending)
        throttled = self.backlog.throttled_within(self._retry_seconds())
        if not self._is_fast():
            early = [each for each in early if are_counts_shown(self._waited(each))]
        elif not throttled:
            early = []
        if self._is_backlog(pending, is_throttled=throttled):
            if not throttled and not self.backlog.is_hidden:
                new = []  # the messages wait for workers, not for the table
            if not are_counted:
                self.backlog.joined(len(new))
            return [*self._in_time(between), *self._behind_or_in_time(new), *self._in_time(early)]
        return self._until_shown([*new, *early]) if throttled else []

    def after_throttle(self, left: list[Pending], done: int, *, may_ask: bool) -> list[DeferredGroup]:
        """When the rest of a batch is tried again, of which `done` were put before the throttle."""
        if may_ask:
            self.backlog.refresh()
        is_backlog = self._is_backlog(left, is_throttled=True)
        is_rest = self.clock.now_ms() % _REST_EVERY_MS < _REST_MS
        is_far = is_backlog and (is_rest or self._earns_ten_at_once())
        if self.backlog.is_full:
            return self._in_whole_groups(left, is_far=is_far)
        first: list[Pending] = []
        due: list[Pending] = []
        for each in left:
            waited = self._waited(each)
            is_first = each.receives == 1 or (is_first_minute(each.receives, waited) and not are_counts_shown(waited))
            (first if is_first else due).append(each)
        groups = self._in_time(first) if is_backlog else self._until_shown(first)
        if is_far:
            return groups + self._in_time(due)
        # As many as got through just now will get through again, or as many as a second of capacity is for.
        size = max(1, done, int(1 / (self.backlog.turn_seconds() or 1.0)))
        return groups + [DeferredGroup(piece, self.soon(piece[0])) for piece in _pieces(due, size)]

    def soon(self, each: Pending) -> int:
        """When a message is tried again that was throttled although its moment had come."""
        turn_seconds = self.backlog.turn_seconds() or 0.0
        return self.schedule.soon(each.receives, turn_seconds, self.backlog.drain_seconds())

    def _is_busy(self) -> bool:
        backlog = self.backlog
        return (
            backlog.is_unknown
            or backlog.drain_seconds() > _BACKLOG_SECONDS_MIN
            or backlog.throttled_within(_RETRY_SECONDS_MAX)
        )

    def _is_backlog(self, pending: list[Pending], *, is_throttled: bool) -> bool:
        """Whether SQS shows a backlog beside these messages: after a throttle any, otherwise one that takes a while."""
        others = self.backlog.total - 2 * len(pending)
        seconds_min = 0.0 if is_throttled else _BACKLOG_SECONDS_MIN
        return others > 0 and self.backlog.drain_seconds() > seconds_min

    def _retry_seconds(self) -> float:
        """The time in which the table earns a batch of every worker: so long a throttled worker tries no new batch."""
        turn_seconds = self.backlog.turn_seconds() or _RETRY_SECONDS_MAX
        return min(_RETRY_SECONDS_MAX, turn_seconds * _RECEIVE_MAX * self.backlog.workers)

    def _is_fast(self) -> bool:
        return self._earns_ten_at_once() and self._retry_seconds() < _SLOW_SECONDS

    def _earns_ten_at_once(self) -> bool:
        turn_seconds = self.backlog.turn_seconds()
        return turn_seconds is not None and turn_seconds * _RECEIVE_MAX <= _FAST_SECONDS

    def _in_time(self, messages: list[Pending]) -> list[DeferredGroup]:
        drain_seconds = self.backlog.drain_seconds()
        return [
            DeferredGroup(piece, self.schedule.moment(drain_seconds, max(map(self._waited, piece))))
            for piece in _pieces(messages, _RECEIVE_MAX)
        ]

    def _behind_or_in_time(self, new: list[Pending]) -> list[DeferredGroup]:
        if not self.backlog.trickles(len(new)):
            return self._in_time(new)
        drain_seconds = self.backlog.drain_seconds()
        return [DeferredGroup(piece, self.schedule.last_moment(drain_seconds)) for piece in _pieces(new, _RECEIVE_MAX)]

    def _not_this_round(self, pending: list[Pending]) -> list[DeferredGroup]:
        """While SQS hides as many as it can: of each two groups that get a slot, one waits for another round."""
        drain_seconds = self.backlog.drain_seconds()
        return [
            self._next_round(piece)
            for piece in _pieces(pending, _RECEIVE_MAX)
            if self._is_young(piece) or not self.schedule.is_tried(drain_seconds)
        ]

    def _in_whole_groups(self, left: list[Pending], *, is_far: bool) -> list[DeferredGroup]:
        """The same after a throttle. A group leaves its slots to another one: in pieces it would break that up too."""
        pieces = _pieces(left, _RECEIVE_MAX)
        return [self._next_round(each) if is_far else DeferredGroup(each, self.soon(each[0])) for each in pieces]

    def _next_round(self, piece: list[Pending]) -> DeferredGroup:
        draw = self.schedule.first_round if self._is_young(piece) else self.schedule.next_round
        drain_seconds = self.backlog.drain_seconds()
        return DeferredGroup(piece, draw(drain_seconds, max(map(self._waited, piece))))

    def _is_young(self, piece: list[Pending]) -> bool:
        return all(self.clock.now_ms() - each.newest.sent_ms < _YOUNG_MS for each in piece)

    def _until_shown(self, messages: list[Pending]) -> list[DeferredGroup]:
        """A surge that SQS's counts do not show yet. A table that is not fast saves its capacity up until they do."""
        draw = self.schedule.until_shown if self._is_fast() else self.schedule.when_shown
        return [DeferredGroup(piece, draw()) for piece in _pieces(messages, _RECEIVE_MAX)]

    def _waited(self, each: Pending) -> float:
        """Seconds since the first receive."""
        return (self.clock.now_ms() - each.first_received_ms) / 1000


def _pieces(messages: list[Pending], size: int) -> list[list[Pending]]:
    return [messages[start : start + size] for start in range(0, len(messages), size)]
