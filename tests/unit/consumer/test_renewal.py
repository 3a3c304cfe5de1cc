"""The drain: messages that may crash the function, and those that have been here for long."""

from random import Random

import pytest

from consumer.redelivery import RENEW_AGE_MS, RENEW_RECEIVES
from consumer.table import TableUnavailable
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table, batch, delivery


def test_a_message_that_may_crash_the_function_is_processed_and_deleted_before_the_next_is_read() -> None:
    consumer = Consumer(Table({"b": ZeroDivisionError()}))
    suspects = [delivery(name, receives=RENEW_RECEIVES + 1) for name in "ab"]
    with pytest.raises(ZeroDivisionError):
        consumer.drain(*suspects, delivery("c", sent_ms=0))
    assert consumer.table.puts == ["a", "b"]
    assert consumer.queue.deleted == ["a"]


def test_messages_that_may_crash_the_function_are_processed_in_random_order() -> None:
    orders = set()
    for seed in range(20):
        consumer = Consumer(chance=Random(seed).random)  # noqa: S311 - chance that can be repeated
        consumer.drain(*batch("ab", receives=RENEW_RECEIVES + 1))
        orders.add("".join(consumer.table.puts))
    assert orders == {"ab", "ba"}


def test_a_message_that_was_not_yet_received_too_often_is_processed_with_the_batch() -> None:
    consumer = Consumer()
    assert consumer.drain(*batch("ab", receives=RENEW_RECEIVES), delivery("0", sent_ms=0)) == []
    assert consumer.table.puts == ["0", "a", "b"]
    assert consumer.queue.deleted == []


def test_a_suspect_that_returns_to_the_queue_is_not_deleted() -> None:
    consumer = Consumer(Table({"a": TableUnavailable("no")}), renews=False)
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES + 1), delivery("b", sent_ms=NOW_MS)) == ["a"]
    assert consumer.queue.deleted == []
    assert set(consumer.table.records) == {"b"}


def test_a_suspect_that_is_throttled_is_re_enqueued_and_deleted() -> None:
    consumer = Consumer(Table(capacity=0))
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES + 1)) == []
    assert (set(consumer.queue.renewed), consumer.queue.deleted) == ({"a"}, ["a"])


def test_a_message_is_re_enqueued_after_fifty_receives_or_ten_days_and_counts_as_done() -> None:
    consumer = Consumer(Table(capacity=0))
    often = delivery("often", sent_ms=NOW_MS, receives=50)
    old = delivery("old", sent_ms=NOW_MS - 10 * 86_400_000)
    young = delivery("young", sent_ms=NOW_MS, receives=49)
    younger = delivery("younger", sent_ms=NOW_MS - RENEW_AGE_MS + 1)
    assert sorted(consumer.drain(often, old, young, younger)) == ["young", "younger"]
    assert set(consumer.queue.renewed) == {"often", "old"}
    assert set(consumer.queue.hidden) == {"young", "younger"}
    assert (consumer.counts["renewed"], consumer.counts["deferred"]) == (2, 2)


def test_a_message_that_could_not_be_re_enqueued_returns() -> None:
    consumer = Consumer(Table(capacity=0), renews=False)
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES)) == ["a"]
    assert set(consumer.queue.hidden) == {"a"}
    assert consumer.counts["renewed"] == 0


def test_throttles_never_dead_letter_a_message_and_never_let_it_be_received_too_often() -> None:
    consumer = Consumer(Table(capacity=0))
    receives, renewals = 1, 0
    for _ in range(500):
        returned = consumer.drain(delivery("a", sent_ms=NOW_MS, receives=receives, first_received_ms=NOW_MS))
        receives, renewals = (receives + 1, renewals) if returned else (1, renewals + 1)
        assert receives <= RENEW_RECEIVES
    assert consumer.dead.letters == []
    assert renewals == 10
    assert len(consumer.queue.hides) == 500 - renewals
