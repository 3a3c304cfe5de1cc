"""When a message is redelivered after a failure, and when it is re-enqueued instead. Pure.

docs/decisions/0007 has the arithmetic: a good record is never dead-lettered and never expires, however long a failure
lasts, and a message that crashes the function is dead-lettered soon.
"""

from collections.abc import Callable

from consumer.delivery import Delivery

RENEW_RECEIVES = 50
"""Of the queue's maxReceiveCount, 1,000 (template.yaml). The rest is for receives of which the consumer hears nothing:
Lambda had no concurrency left for it, or the message crashes the function."""
RENEW_AGE_MS = 10 * 86_400_000
"""Ten of the queue's fourteen days of retention (template.yaml)."""
FAILED_SECONDS_MAX = 900
"""The longest delay, which is also the longest that SQS takes for a new message (DelaySeconds)."""


def needs_renewal(delivery: Delivery, now_ms: int) -> bool:
    return delivery.receives >= RENEW_RECEIVES or now_ms - delivery.sent_ms >= RENEW_AGE_MS


def failed_seconds(receives: int, random: Callable[[], float]) -> int:
    """Exponential backoff: twice as long with each receive."""
    return max(1, round(min(2.0 ** min(receives, 30), FAILED_SECONDS_MAX) * (0.5 + random() / 2)))
