"""The drain: every delivery is put, superseded, dead-lettered, re-enqueued or returned; always exactly one of these."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.drain import LAST_CALL_MS, STOP_MS
from consumer.redelivery import RENEW_AGE_MS, RENEW_RECEIVES
from consumer.table import KeyThrottled, PutRefused, TableMisconfigured, TableThrottled, TableUnavailable
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table, batch, delivery
from tests.unit.consumer.worker import HIDDEN, NAMES


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


def test_for_one_key_in_a_batch_only_the_newest_version_is_put_and_every_delivery_of_it_is_done() -> None:
    consumer = Consumer()
    assert consumer.drain(*(delivery(f"m{n}", f'{{"id":"same","n":{n}}}', sent_ms=n) for n in (2, 3, 1))) == []
    assert consumer.table.puts == ["same"]
    assert consumer.table.records["same"].attributes["n"] == 3


def test_all_versions_of_a_key_return_when_the_newest_could_not_be_put() -> None:
    consumer = Consumer(Table(capacity=0))
    batch = [delivery(f"m{n}", '{"id":"same"}', sent_ms=NOW_MS + n) for n in (1, 2)]
    assert consumer.drain(*batch) == ["m1", "m2"]
    assert set(consumer.queue.hidden) == {"m1", "m2"}
    assert consumer.counts == {"throttles": 1, "deferred": 2}


def test_the_oldest_records_of_a_batch_are_put_first() -> None:
    consumer = Consumer()
    consumer.drain(*(delivery(name, sent_ms=n) for name, n in [("c", 3), ("a", 1), ("b", 2)]))
    assert consumer.table.puts == ["a", "b", "c"]


# ── a table with less capacity than the queue has messages ────────────────────────────────────────────────────────────
def busy(capacity: float = float("inf"), chance: float = 0.5) -> Consumer:
    """With a backlog, and a table that has so much credit and puts five records a second."""
    return Consumer(Table(rates={"": 5.0}, capacity=capacity), depth=HIDDEN, chance=chance)


def test_what_is_held_back_is_not_put_and_is_hidden_in_one_call_for_its_moment() -> None:
    consumer = busy()
    assert consumer.drain(*batch(NAMES)) == list(NAMES)
    assert (consumer.table.puts, consumer.queue.hides) == ([], [list(NAMES)])
    assert len(set(consumer.queue.hidden.values())) == 1
    assert consumer.counts == {"deferred": 10}


def test_messages_whose_moment_has_come_are_put_beside_new_ones_that_are_held_back() -> None:
    consumer = busy()
    assert consumer.drain(*batch("abc"), *batch("xyz", receives=2, waited_seconds=500)) == ["a", "b", "c"]
    assert (consumer.table.puts, consumer.queue.hides) == (["x", "y", "z"], [["a", "b", "c"]])


def test_what_is_left_after_a_throttle_returns_soon_in_groups_as_large_as_what_got_through() -> None:
    consumer = Consumer(Table(capacity=3, rates={"": 1.0}), depth=HIDDEN, chance=Random(1).random)  # noqa: S311 - chance that can be repeated
    assert consumer.drain(*batch(NAMES, receives=2, waited_seconds=500)) == list("defghij")
    assert consumer.table.puts == list("abcd")
    groups = [{consumer.queue.hidden[name] for name in names} for names in ("def", "ghi", "j")]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(groups[0] | groups[1] | groups[2]) == 3
    assert consumer.counts == {"puts": 3, "throttles": 1, "deferred": 7}


def test_what_is_held_back_and_what_is_throttled_is_hidden_in_one_call() -> None:
    consumer = busy(capacity=1)
    returned = consumer.drain(*batch("abc"), *batch("xyz", receives=2, waited_seconds=500))
    (hide,) = consumer.queue.hides
    assert sorted(returned) == sorted(hide) == list("abcyz")
    assert consumer.queue.hidden["a"] != consumer.queue.hidden["y"]


def test_a_batch_that_meets_no_throttle_asks_for_no_backlog() -> None:
    consumer = busy()
    consumer.drain(*batch(NAMES, receives=2, waited_seconds=500))
    assert consumer.queue.asked == []


@pytest.mark.parametrize(("more_seconds", "asked"), [(1.0, []), (5.0, [3.0])])
def test_after_a_throttle_the_backlog_is_asked_for_only_if_there_is_time_left(
    more_seconds: float, asked: list[float]
) -> None:
    consumer = busy(capacity=0)
    consumer.table.call_seconds = 3.0
    consumer.drain(*batch("a", receives=2, waited_seconds=500), seconds=STOP_MS / 1000 + more_seconds)
    assert (consumer.table.puts, consumer.queue.asked) == (["a"], asked)


def test_a_message_that_waits_is_re_enqueued_in_time_with_at_most_the_delay_that_sqs_takes() -> None:
    young, old = busy(chance=0.9), busy(chance=0.9)
    assert young.drain(delivery("a")) == ["a"]
    assert young.queue.hidden["a"] > 900
    assert old.drain(delivery("a", sent_ms=NOW_MS - RENEW_AGE_MS)) == []
    assert (old.queue.renewed, old.queue.hidden, old.table.puts) == ({"a": 900}, {}, [])


# ── failures that are not the table's capacity ────────────────────────────────────────────────────────────────────────
def test_a_hot_key_delays_only_its_own_record() -> None:
    consumer = Consumer(Table({"b": KeyThrottled("hot")}))
    assert consumer.drain(*(delivery(name, sent_ms=NOW_MS + n) for n, name in enumerate("abc"))) == ["b"]
    assert consumer.table.puts == ["a", "b", "c"]
    assert consumer.queue.hidden == {"b": 20}
    assert consumer.counts == {"puts": 2, "key_throttled": 1, "deferred": 1}


def test_a_misconfiguration_ends_the_batch_at_its_first_put_and_everything_returns_with_exponential_backoff() -> None:
    errors: dict[str, Exception] = dict.fromkeys("abc", TableMisconfigured("AccessDeniedException"))
    consumer = Consumer(Table(errors))
    batch = [delivery(name, sent_ms=NOW_MS + n, receives=n + 3) for n, name in enumerate("abc")]
    assert consumer.drain(*batch) == ["a", "b", "c"]
    assert consumer.table.puts == ["a"]
    assert consumer.queue.hidden == {"a": 8, "b": 16, "c": 32}
    assert consumer.dead.letters == []
    assert consumer.counts == {"table_misconfigured": 1, "deferred": 3}


def test_two_puts_in_a_row_without_an_answer_end_the_attempts_and_everything_left_returns_with_backoff() -> None:
    unavailable = TableUnavailable("ReadTimeoutError")
    consumer = Consumer(Table({"a": unavailable, "c": unavailable, "d": unavailable}))
    batch = [delivery(name, sent_ms=NOW_MS + n, receives=n + 2) for n, name in enumerate("abcdef")]
    assert consumer.drain(*batch) == ["a", "c", "d", "e", "f"]
    assert consumer.table.puts == ["a", "b", "c", "d"]
    assert consumer.queue.hidden == {"a": 4, "c": 16, "d": 32, "e": 64, "f": 128}


# ── the end of the invocation's time ──────────────────────────────────────────────────────────────────────────────────
def test_no_call_begins_when_the_invocation_is_nearly_over() -> None:
    consumer = Consumer()
    batch = [delivery("a"), delivery("b", "{"), delivery("c", receives=RENEW_RECEIVES)]
    assert sorted(consumer.drain(*batch, seconds=LAST_CALL_MS / 1000)) == ["a", "b", "c"]
    assert (consumer.table.puts, consumer.table.asked, consumer.dead.letters) == ([], [], [])
    assert (consumer.queue.asked, consumer.queue.hides, consumer.queue.renewed) == ([], [], {})


def test_no_put_begins_when_it_could_take_the_time_that_deferring_the_rest_needs() -> None:
    consumer = Consumer(Table(call_seconds=1.0))
    batch = [delivery(str(n), sent_ms=NOW_MS + n) for n in range(10)]
    a_look, two_puts_and_a_half = 1.0, 2.5
    assert consumer.drain(*batch, seconds=STOP_MS / 1000 + a_look + two_puts_and_a_half) == [
        str(n) for n in range(3, 10)
    ]
    assert consumer.table.puts == ["0", "1", "2"]
    assert set(consumer.queue.hidden) == {str(n) for n in range(3, 10)}


@given(st.lists(st.sampled_from(["good", "bad", "throttled", "unavailable"]), max_size=10), st.floats(0, 60))
def test_an_invocation_ends_in_its_time_though_every_call_takes_its_timeout(kinds: list[str], seconds: float) -> None:
    consumer = Consumer(Table({f"throttled{n}": KeyThrottled("hot") for n in range(10)}, call_seconds=3.0))
    consumer.table.errors |= {f"unavailable{n}": TableUnavailable("ReadTimeoutError") for n in range(10)}
    consumer.queue.call_seconds = consumer.dead.call_seconds = 3.0
    batch = [
        delivery(f"{kind}{n}", "{" if kind == "bad" else None, receives=n * 15 + 1) for n, kind in enumerate(kinds)
    ]
    consumer.drain(*batch, seconds=seconds)
    assert consumer.time.now <= seconds


@given(st.lists(st.sampled_from(["good", "hot", "full", "unavailable"]), max_size=10), st.floats(4.1, 60))
def test_every_put_and_every_look_at_the_backlog_leaves_time_to_hide_what_returns(
    kinds: list[str], seconds: float
) -> None:
    consumer = Consumer(Table({f"hot{n}": KeyThrottled("hot") for n in range(10)}, call_seconds=3.0))
    consumer.table.errors |= {f"full{n}": TableThrottled("slow down") for n in range(10)}
    consumer.table.errors |= {f"unavailable{n}": TableUnavailable("ReadTimeoutError") for n in range(10)}
    consumer.queue.call_seconds = 3.0
    returned = consumer.drain(*batch([f"{kind}{n}" for n, kind in enumerate(kinds)]), seconds=seconds)
    assert set(returned) == consumer.queue.hidden.keys()
    assert consumer.time.now <= seconds


def test_what_sqs_was_not_told_to_hide_is_reported_and_returns_after_its_visibility_timeout() -> None:
    consumer = Consumer(Table(capacity=0))
    assert consumer.drain(delivery("a"), seconds=LAST_CALL_MS / 1000) == ["a"]
    assert consumer.queue.hides == []
    assert consumer.counts == {"deferred": 1}


def test_all_messages_of_a_batch_that_return_are_hidden_in_one_call() -> None:
    consumer = Consumer(Table({"b": KeyThrottled("hot"), "c": TableUnavailable("no")}, capacity=1))
    returned = consumer.drain(*(delivery(name, sent_ms=NOW_MS + n) for n, name in enumerate("abcdef")))
    (hide,) = consumer.queue.hides
    assert sorted(returned) == sorted(hide) == list("bcdef")


def test_a_large_batch_is_hidden_by_tens_because_sqs_takes_no_more_in_a_request() -> None:
    consumer = Consumer(Table(capacity=0))
    returned = consumer.drain(*(delivery(str(n), sent_ms=NOW_MS + n) for n in range(23)))
    assert [len(hide) for hide in consumer.queue.hides] == [10, 10, 3]
    assert sorted(returned) == sorted(str(n) for n in range(23))


def test_a_large_batch_ends_in_its_time_though_sqs_does_not_answer() -> None:
    consumer = Consumer(Table(capacity=0))
    consumer.queue.call_seconds = 3.0
    returned = consumer.drain(*(delivery(str(n), sent_ms=NOW_MS + n) for n in range(100)), seconds=12.0)
    assert len(returned) == 100
    assert consumer.time.now <= 12
    assert 0 < len(consumer.queue.hides) < 10
