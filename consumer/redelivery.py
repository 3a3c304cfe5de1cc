"""When SQS redelivers a message that was not put, and when the message is re-enqueued instead. Pure.

docs/decisions/0007 has the arithmetic: a good record is never dead-lettered and never expires, however long a failure
lasts, and a message that crashes the function is dead-lettered soon.
"""

from collections.abc import Callable

from consumer.delivery import Delivery

RENEW_RECEIVES = 50
"""Half of the queue's maxReceiveCount (template.yaml): the rest is for messages that crash the function."""
RENEW_AGE_MS = 10 * 86_400_000
"""Ten of the queue's fourteen days of retention (template.yaml)."""

_SECONDS_MIN = 1
_THROTTLED_SECONDS_MAX = 300
FAILED_SECONDS_MAX = 900
"""The longest delay, which is also the longest that SQS takes for a new message (DelaySeconds)."""


def needs_renewal(delivery: Delivery, now_ms: int) -> bool:
    return delivery.receives >= RENEW_RECEIVES or now_ms - delivery.sent_ms >= RENEW_AGE_MS


def throttled_seconds(delivery: Delivery, capacity_in: float, random: Callable[[], float]) -> int:
    """Until there may be capacity, and longer with each receive, because other messages wait for the same capacity."""
    longest = max(capacity_in, 2.0 ** min(delivery.receives - 1, 30))
    return _jittered(min(longest, _THROTTLED_SECONDS_MAX), random)


def failed_seconds(delivery: Delivery, random: Callable[[], float]) -> int:
    """Exponential backoff: twice as long with each receive."""
    return _jittered(min(2.0 ** min(delivery.receives, 30), FAILED_SECONDS_MAX), random)


def _jittered(seconds: float, random: Callable[[], float]) -> int:
    return max(_SECONDS_MIN, round(seconds * (0.5 + random() / 2)))
