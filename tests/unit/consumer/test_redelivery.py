"""Redelivery: how long a message is hidden after a failure, and when it is re-enqueued instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.redelivery import (
    FAILED_SECONDS_MAX,
    RENEW_AGE_MS,
    RENEW_RECEIVES,
    failed_seconds,
    needs_renewal,
)
from tests.unit.consumer.doubles import NOW_MS, delivery

_SECONDS_OF_A_NEW_MESSAGE_MAX = 900
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""

_RECEIVES = st.integers(1, 10_000)
_CHANCE = st.floats(0, 1)


@given(_RECEIVES, _CHANCE)
def test_a_delay_is_valid_for_sqs_both_to_hide_and_to_re_enqueue_a_message(receives: int, chance: float) -> None:
    assert 1 <= failed_seconds(receives, lambda: chance) <= FAILED_SECONDS_MAX <= _SECONDS_OF_A_NEW_MESSAGE_MAX


@given(_RECEIVES, _CHANCE)
def test_a_delay_never_gets_shorter_with_receives(receives: int, chance: float) -> None:
    assert failed_seconds(receives, lambda: chance) <= failed_seconds(receives + 1, lambda: chance)


def test_after_failures_the_delay_doubles_with_each_receive() -> None:
    waits = [failed_seconds(receives, lambda: 1.0) for receives in range(1, 12)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert failed_seconds(20, lambda: 0.0) == 450


@pytest.mark.parametrize(
    ("receives", "age_ms", "renewed"),
    [
        (1, 0, False),
        (RENEW_RECEIVES - 1, RENEW_AGE_MS - 1, False),
        (RENEW_RECEIVES, 0, True),
        (RENEW_RECEIVES + 1, 0, True),
        (1, RENEW_AGE_MS, True),
    ],
)
def test_a_message_is_re_enqueued_when_it_was_received_too_often_or_is_too_old(
    receives: int, age_ms: int, *, renewed: bool
) -> None:
    assert needs_renewal(delivery("m", sent_ms=NOW_MS - age_ms, receives=receives), NOW_MS) is renewed
