"""The drain: every delivery is put, superseded, dead-lettered, re-enqueued or returned; always exactly one of these."""

from itertools import pairwise

import pytest

from consumer.drain import LAST_CALL_MS
from consumer.redelivery import RENEW_AGE_MS, RENEW_RECEIVES
from consumer.table import KeyThrottled, PutRefused, TableMisconfigured, TableUnavailable
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table, delivery


def test_a_batch_is_put_with_its_provenance() -> None:
    consumer = Consumer()
    assert consumer.drain(delivery("a"), delivery("b")) == []
    table = consumer.table
    assert set(table.records) == {"a", "b"}
    assert table.provenances["a"].version == table.records["a"].version
    assert (table.provenances["a"].sqs, table.provenances["a"].ddb) == (
        "2023-11-14T22:13:20.000Z",
        "2023-11-14T22:13:29.000Z",
    )
    assert consumer.counts == {"puts": 2}


def test_a_record_that_the_table_already_has_counts_as_done() -> None:
    consumer = Consumer()
    assert consumer.drain(delivery("a")) == []
    assert consumer.drain(delivery("a")) == []
    assert consumer.counts == {"puts": 1, "superseded": 1}


def test_a_bad_message_is_dead_lettered_and_those_beside_it_are_put() -> None:
    consumer = Consumer(Table({"d": PutRefused("no")}))
    batch = [delivery("a"), delivery("b", "{"), delivery("c", '{"id":""}'), delivery("d"), delivery("e")]
    assert consumer.drain(*batch) == []
    assert consumer.dead.letters == [("b", "json_malformed"), ("c", "key_invalid"), ("d", "put_refused")]
    assert set(consumer.table.records) == {"a", "e"}
    assert consumer.counts["dead_lettered"] == 3


def test_a_dead_lettered_message_is_deleted_at_once() -> None:
    consumer = Consumer(Table({"c": ZeroDivisionError()}))
    with pytest.raises(ZeroDivisionError):
        consumer.drain(delivery("a", sent_ms=1), delivery("b", "{"), delivery("c", sent_ms=2))
    assert consumer.queue.deleted == ["b"]


def test_a_bad_message_that_cannot_be_dead_lettered_returns_and_is_never_re_enqueued() -> None:
    consumer = Consumer(Table({"c": PutRefused("no")}), dead_letters_taken=False)
    batch = [delivery("a"), delivery("b", "{", receives=RENEW_RECEIVES), delivery("c"), delivery("d", sent_ms=0)]
    assert consumer.drain(*batch) == ["b", "c"]
    assert consumer.queue.hidden == {"b": 900, "c": 2}
    assert (consumer.queue.renewed, consumer.queue.deleted) == ({}, [])


def test_no_call_begins_when_the_invocation_is_nearly_over() -> None:
    consumer = Consumer()
    assert consumer.drain(delivery("a"), delivery("b", "{"), seconds=LAST_CALL_MS / 1000) == ["b", "a"]
    assert (consumer.table.puts, consumer.dead.letters, consumer.queue.hidden) == ([], [], {})


def test_for_one_id_in_a_batch_only_the_newest_version_is_put() -> None:
    consumer = Consumer()
    assert consumer.drain(*(delivery(f"m{n}", f'{{"id":"same","n":{n}}}', sent_ms=n) for n in (2, 3, 1))) == []
    assert consumer.table.puts == ["same"]
    assert consumer.table.records["same"].attributes["n"] == 3


def test_all_versions_of_an_id_return_when_the_newest_could_not_be_put() -> None:
    consumer = Consumer(Table(full_until=1000.0))
    batch = [delivery(f"m{n}", '{"id":"same"}', sent_ms=NOW_MS + n) for n in (1, 2)]
    assert consumer.drain(*batch) == ["m1", "m2"]
    assert set(consumer.queue.hidden) == {"m1", "m2"}


def test_the_oldest_records_of_a_batch_are_put_first() -> None:
    consumer = Consumer()
    consumer.drain(*(delivery(name, sent_ms=n) for name, n in [("c", 3), ("a", 1), ("b", 2)]))
    assert consumer.table.puts == ["a", "b", "c"]


def test_an_unexpected_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Consumer(Table({"a": ZeroDivisionError()})).drain(delivery("a"))


def test_a_hot_key_delays_only_its_own_record() -> None:
    consumer = Consumer(Table({"b": KeyThrottled("hot")}))
    assert consumer.drain(*(delivery(name, sent_ms=NOW_MS + n) for n, name in enumerate("abc"))) == ["b"]
    assert consumer.table.puts == ["a", "b", "c"]
    assert consumer.queue.hidden == {"b": 1}
    assert consumer.counts == {"puts": 2, "key_throttled": 1}
    assert consumer.time.now == 0.0


def test_with_a_misconfiguration_nothing_is_dead_lettered_and_everything_returns() -> None:
    errors: dict[str, Exception] = dict.fromkeys("abc", TableMisconfigured("AccessDeniedException"))
    consumer = Consumer(Table(errors))
    batch = [delivery(name, sent_ms=NOW_MS + n, receives=3) for n, name in enumerate("abc")]
    assert consumer.drain(*batch) == ["a", "b", "c"]
    assert consumer.table.puts == ["a"]
    assert consumer.queue.hidden == {"a": 8, "b": 8, "c": 8}
    assert consumer.dead.letters == []
    assert consumer.counts == {"table_misconfigured": 1}
    assert 0 < consumer.time.now <= 10


def test_a_put_to_an_unavailable_table_is_retried_after_the_other_records() -> None:
    consumer = Consumer(Table(errors_once={"a": TableUnavailable("InternalServerError")}))
    assert consumer.drain(delivery("a", sent_ms=1), delivery("b", sent_ms=2)) == []
    assert consumer.table.puts == ["a", "b", "a"]
    assert consumer.counts == {"table_unavailable": 1, "puts": 2}


def test_puts_to_an_unavailable_table_are_retried_with_backoff_and_then_the_records_return() -> None:
    consumer = Consumer(Table({"a": TableUnavailable("InternalServerError")}))
    assert consumer.drain(delivery("a", sent_ms=NOW_MS, receives=4), seconds=60) == ["a"]
    assert consumer.queue.hidden == {"a": 16}
    began = consumer.table.began
    pauses = [after - before for before, after in pairwise(began)]
    assert pauses[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert max(pauses) == pytest.approx(5)
    assert len(began) < 20
    assert consumer.time.now == 50


def test_a_message_that_may_crash_the_function_is_processed_and_deleted_before_the_next_is_read() -> None:
    consumer = Consumer(Table({"b": ZeroDivisionError()}))
    suspects = [delivery(name, receives=RENEW_RECEIVES + 1) for name in "ab"]
    with pytest.raises(ZeroDivisionError):
        consumer.drain(*suspects, delivery("c", sent_ms=0))
    assert consumer.table.puts == ["a", "b"]
    assert consumer.queue.deleted == ["a"]


def test_a_suspect_that_returns_to_the_queue_is_not_deleted() -> None:
    consumer = Consumer(Table({"a": TableUnavailable("no")}), renews=False)
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES + 1), delivery("b", sent_ms=NOW_MS)) == ["a"]
    assert consumer.queue.deleted == []
    assert set(consumer.table.records) == {"b"}


def test_a_suspect_waits_at_most_a_second_for_its_turn() -> None:
    consumer = Consumer(Table(full_until=1000.0))
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES + 1)) == []
    assert consumer.time.now == 1.0
    assert (set(consumer.queue.renewed), consumer.queue.deleted) == ({"a"}, ["a"])


def test_a_re_enqueued_message_counts_as_done() -> None:
    consumer = Consumer(Table(full_until=1000.0))
    often = delivery("often", sent_ms=NOW_MS, receives=RENEW_RECEIVES)
    old = delivery("old", sent_ms=NOW_MS - RENEW_AGE_MS)
    young = delivery("young", sent_ms=NOW_MS, receives=RENEW_RECEIVES - 1)
    assert consumer.drain(often, old, young) == ["young"]
    assert set(consumer.queue.renewed) == {"often", "old"}
    assert set(consumer.queue.hidden) == {"young"}
    assert consumer.counts["renewed"] == 2


def test_a_message_that_could_not_be_re_enqueued_returns() -> None:
    consumer = Consumer(Table(full_until=1000.0), renews=False)
    assert consumer.drain(delivery("a", receives=RENEW_RECEIVES)) == ["a"]
    assert set(consumer.queue.hidden) == {"a"}
    assert consumer.counts["renewed"] == 0
