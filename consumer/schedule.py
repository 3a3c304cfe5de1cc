"""The moments at which waiting messages are redelivered. Pure. docs/drain.md explains them with a timeline.

SQS is the timer: a message that cannot be put now is hidden until its moment, and the invocation ends. Times are in
seconds. `drain_seconds` is the time that the table needs for the whole backlog; `waited_seconds` is the time since a
message's first receive, which SQS tells with every delivery, so that no worker has to remember it.
"""

import math
from collections.abc import Callable

COUNTS_AGE_SECONDS_MAX = 60.0
"""SQS's counts may be this old. While messages wait for them, the table saves its capacity up.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""
HIDE_SECONDS_MAX = 41_400
"""11.5 hours. SQS hides a message for at most 12 hours from its receive:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
_DENSITY = 0.99
"""Messages are spread over a little more time than the table needs for them. What it saves so becomes burst credit."""
_STEP_SECONDS = 900
_STEP_WAIT_SECONDS_MAX = 1800
"""A wait up to this long is made in one step."""
_STEP_SPREAD_SECONDS = 10
"""Messages return within so long after a step; all at once would be more than the invocations can receive."""
_STEP_WINDOW_SECONDS = 25
"""How long after a step a delivery counts as one of it: SQS and Lambda take a moment too."""
_CLOCK_SECONDS = 2
"""How far clocks may differ."""
_SHOWN_SECONDS = 64.0
"""So long after its begin, SQS's counts show a surge."""
_SHOWN_SPREAD_SECONDS = 8.0
_MOMENT_SECONDS_MIN = 10.0
_SOON_TURNS = 40
_SOON_SECONDS_MIN, _SOON_SECONDS_MAX = 20.0, 60.0
_SOON_GROWTH = 1.5
_SOON_RECEIVES = 20
_SOON_RECEIVES_WHOLE = 16
"""So often received, a message returns at any moment of the whole backlog's time."""
_BACK_OFF_SECONDS_MAX = 900.0
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


class Schedule:
    """One worker's draws. `random` returns numbers from 0 to 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._point, self._turn = random(), random()

    def moment(self, drain_seconds: float, waited_seconds: float) -> int:
        """When a group of messages is redelivered, so that all groups arrive as fast as the table puts them.

        A long wait is made in steps, because a hidden message cannot be recalled: at the last step before half of the
        drain's time its moment is drawn again, from what is known by then.
        """
        saved_seconds = min(waited_seconds, COUNTS_AGE_SECONDS_MAX)
        left_seconds = max(drain_seconds - saved_seconds, drain_seconds / 3, _MOMENT_SECONDS_MIN)
        return self._in_steps(self._evenly() * left_seconds / _DENSITY, drain_seconds, waited_seconds)

    def last_moment(self, drain_seconds: float) -> int:
        """The same behind all others, for a message that is new while the others wait."""
        return self._in_steps(max(drain_seconds, _MOMENT_SECONDS_MIN) / _DENSITY, drain_seconds, 0.0)

    def when_shown(self) -> int:
        """When SQS's counts will show the surge that a new message belongs to."""
        return round(_SHOWN_SECONDS + self._random() * _SHOWN_SPREAD_SECONDS)

    def until_shown(self) -> int:
        """A moment of the time until then."""
        return max(1, round(self._evenly() * (_SHOWN_SECONDS + _SHOWN_SPREAD_SECONDS)))

    def soon(self, receives: int, turn_seconds: float, drain_seconds: float) -> int:
        """When a message is tried again that met a throttle although its moment had come.

        `turn_seconds` is the time in which the table earns the units of one record: 40 turns are enough to meet a free
        one. Each further receive says that too many try: the time grows, up to a share of the backlog's, and the share
        grows too. At a drain's end few are left, and they return sooner.
        """
        first = min(max(_SOON_SECONDS_MIN, _SOON_TURNS * turn_seconds), _SOON_SECONDS_MAX)
        # After many receives nothing has got through for long: then they back off, up to a quarter of an hour.
        backed_off = min(
            _SOON_SECONDS_MIN * _SOON_GROWTH ** min(max(0, receives - _SOON_RECEIVES), 30), _BACK_OFF_SECONDS_MAX
        )
        share = min(1.0, receives / _SOON_RECEIVES_WHOLE)
        latest = min(max(backed_off, drain_seconds * share), HIDE_SECONDS_MAX)
        span = min(first * _SOON_GROWTH ** min(max(0, receives - 2), 30), latest)
        return max(1, round(self._random() * span))

    def is_tried(self, drain_seconds: float) -> bool:
        """Whether a group is tried that got a slot while SQS hides as many messages as it can.

        In a round, all hidden groups return once. Each one's slot goes to a group that waited for one; and so does
        the slot of each group that is put, at once. If every other group is tried, the puts of a round are as many as
        the hidden groups: what the table earns in it. If SQS cannot hide for so long, a round is shorter, and fewer
        are tried.
        """
        self._turn = (self._turn + _GOLDEN_RATIO) % 1.0
        seconds = _round_seconds(drain_seconds)
        return self._turn < seconds / (seconds + drain_seconds / _DENSITY)

    def next_round(self, drain_seconds: float, waited_seconds: float) -> int:
        """When a group returns that is not tried in this round."""
        return _beside_steps(_round_seconds(drain_seconds), waited_seconds)

    def first_round(self, drain_seconds: float, waited_seconds: float) -> int:
        """When a group returns for the first time. The moments are spread evenly, and stay so from round to round."""
        return _beside_steps(self._evenly() * _round_seconds(drain_seconds), waited_seconds)

    def _evenly(self) -> float:
        """Multiples of the golden ratio fill an interval more evenly than chance does."""
        self._point = (self._point + _GOLDEN_RATIO) % 1.0
        return self._point

    def _in_steps(self, wait_seconds: float, drain_seconds: float, waited_seconds: float) -> int:
        reach = min(HIDE_SECONDS_MAX, max(_STEP_WAIT_SECONDS_MAX, drain_seconds / 2))
        to_step = (waited_seconds + reach) // _STEP_SECONDS * _STEP_SECONDS - waited_seconds
        if wait_seconds > to_step and drain_seconds > 1.1 * _STEP_WAIT_SECONDS_MAX:
            return round(to_step + _CLOCK_SECONDS + self._random() * _STEP_SPREAD_SECONDS)
        return _beside_steps(wait_seconds, waited_seconds)


def _round_seconds(drain_seconds: float) -> float:
    """As long as the table needs for all that are hidden, if SQS hides a message for so long."""
    return min(max(drain_seconds, _MOMENT_SECONDS_MIN) / _DENSITY, HIDE_SECONDS_MAX)


def _beside_steps(wait_seconds: float, waited_seconds: float) -> int:
    """At a step its moment would be taken for the step's end."""
    wait = max(1, round(wait_seconds))
    while _is_step(waited_seconds + wait):
        wait += _STEP_WINDOW_SECONDS // 5
    return wait


def is_between_steps(receives: int, waited_seconds: float) -> bool:
    """Whether a delivery only ends a step of a long wait: its moment has not come.

    A message that waits is received once at its arrival, once when counts show its surge, and at most once a step.
    """
    return 1 < receives <= 2 + (waited_seconds + _CLOCK_SECONDS) // _STEP_SECONDS and _is_step(waited_seconds)


def is_first_minute(receives: int, waited_seconds: float) -> bool:
    """Whether a delivery is the second one, and so early that it waited for SQS's counts."""
    return receives == 2 and waited_seconds < _SHOWN_SECONDS + _SHOWN_SPREAD_SECONDS + _STEP_WINDOW_SECONDS  # noqa: PLR2004 - the second


def are_counts_shown(waited_seconds: float) -> bool:
    return waited_seconds >= _SHOWN_SECONDS - _CLOCK_SECONDS


def _is_step(waited_seconds: float) -> bool:
    since_step = (waited_seconds + _CLOCK_SECONDS) % _STEP_SECONDS
    return waited_seconds >= _STEP_SECONDS - _CLOCK_SECONDS and since_step < _STEP_WINDOW_SECONDS + _CLOCK_SECONDS
