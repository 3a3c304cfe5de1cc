"""The puts of a batch: which are tried, how many at a time, and what each outcome means for the rest."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from consumer.batch import Pending
from consumer.puts import PUTS_IN_FLIGHT_MAX, PutError, PutOutcome
from consumer.table import KeyThrottled, Put, PutRefused, TableMisconfigured, TableThrottled, TableUnavailable
from records.item import Provenance
from records.validation import Record
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table, batch, delivery, pending

_WAIT_SECONDS_MAX = 20
"""A thread that waits longer for another one fails its test."""


def put_all(consumer: Consumer, names: str, has_time: Callable[[], bool] = lambda: True) -> PutOutcome:
    return consumer.dependencies.puts.put_all(pending(batch(names)), has_time=has_time)


def keys(messages: Iterable[Pending]) -> str:
    return "".join(each.record.key.partition for each in messages)


def error_of(*names: str, error: Exception) -> Table:
    return Table(dict.fromkeys(names, error))


# ── how many at a time ────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_put_of_an_empty_batch() -> None:
    assert put_all(Consumer(), "") == PutOutcome()


def test_every_record_is_put_with_its_provenance() -> None:
    consumer = Consumer()
    assert put_all(consumer, "abc") == PutOutcome(done=3)
    assert consumer.table.puts == ["a", "b", "c"]
    provenance = consumer.table.provenances["b"]
    assert provenance.version == consumer.table.records["b"].version
    assert (provenance.sqs, provenance.ddb) == ("2023-11-14T22:13:29.001Z", "2023-11-14T22:13:29.000Z")


def test_of_several_versions_the_provenance_tells_when_sqs_took_the_newest() -> None:
    consumer = Consumer()
    versions = [delivery(f"m{n}", '{"id":"a"}', sent_ms=1_700_000_000_000 + n) for n in (1, 3, 2)]
    assert consumer.dependencies.puts.put_all(pending(versions), has_time=lambda: True) == PutOutcome(done=1)
    assert consumer.table.provenances["a"].sqs == "2023-11-14T22:13:20.003Z"


def test_the_first_put_is_made_alone_and_the_others_side_by_side() -> None:
    table, given = Table(), []

    def in_parallel(
        put: Callable[[Pending], Put | PutError | None], messages: Sequence[Pending]
    ) -> Iterable[Put | PutError | None]:
        given.append((list(table.puts), keys(messages)))
        return map(put, messages)

    put_all(Consumer(table, in_parallel=in_parallel), "abcd")
    assert given == [(["a"], "bcd")]


class Meeting(Table):
    """Each put but that of `a` waits until as many as may be in flight have begun."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = Barrier(PUTS_IN_FLIGHT_MAX)

    def put(self, record: Record, provenance: Provenance) -> Put:
        if record.key.partition != "a":
            self.barrier.wait(_WAIT_SECONDS_MAX)
        return super().put(record, provenance)


def test_with_a_thread_pool_four_puts_are_in_flight_at_the_same_time() -> None:
    with ThreadPoolExecutor(PUTS_IN_FLIGHT_MAX) as pool:
        consumer = Consumer(Meeting(), in_parallel=pool.map)
        assert put_all(consumer, "abcdefghi") == PutOutcome(done=9)
    assert consumer.counts == {"puts": 9}


class Full(Table):
    """Has capacity for `a` and `b`. The three puts that are in flight beside that of `b` meet the throttle together."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = Barrier(PUTS_IN_FLIGHT_MAX - 1)
        self.throttled = Event()

    def put(self, record: Record, provenance: Provenance) -> Put:
        if record.key.partition in "ab":
            assert record.key.partition == "a" or self.throttled.wait(_WAIT_SECONDS_MAX)
            return super().put(record, provenance)
        self.puts.append(record.key.partition)
        self.barrier.wait(_WAIT_SECONDS_MAX)
        raise TableThrottled("slow down")


def test_puts_that_were_in_flight_at_a_throttle_count_and_none_begins_after_it() -> None:
    table = Full()

    def in_parallel(
        put: Callable[[Pending], Put | PutError | None], messages: Sequence[Pending]
    ) -> Iterable[Put | PutError | None]:
        begun = [pool.submit(put, each) for each in messages[:PUTS_IN_FLIGHT_MAX]]
        for each in begun[1:]:
            each.result()
        rest = [put(each) for each in messages[PUTS_IN_FLIGHT_MAX:]]
        table.throttled.set()
        return [each.result() for each in begun] + rest

    with ThreadPoolExecutor(PUTS_IN_FLIGHT_MAX) as pool:
        consumer = Consumer(table, in_parallel=in_parallel)
        outcome = put_all(consumer, "abcdefghij")
    assert (outcome.done, keys(outcome.throttled)) == (2, "cdefghij")
    assert sorted(table.puts) == list("abcde")
    assert consumer.counts == {"puts": 2, "throttles": 3}


# ── what each outcome means for the rest ──────────────────────────────────────────────────────────────────────────────
def test_a_full_table_is_asked_once_and_not_once_for_each_record() -> None:
    consumer = Consumer(Table(capacity=0))
    outcome = put_all(consumer, "abc")
    assert (outcome.done, keys(outcome.throttled), consumer.table.puts) == (0, "abc", ["a"])
    assert consumer.counts == {"throttles": 1}
    assert consumer.backlog.throttled_within(1)


def test_no_put_begins_after_a_throttle() -> None:
    consumer = Consumer(Table(capacity=2))
    outcome = put_all(consumer, "abcde")
    assert (outcome.done, keys(outcome.throttled), consumer.table.puts) == (2, "cde", ["a", "b", "c"])
    assert (outcome.failed, outcome.hot, outcome.refused) == ([], [], [])


def test_a_hot_key_is_no_throttle_and_the_rest_is_put(caplog: pytest.LogCaptureFixture) -> None:
    consumer = Consumer(error_of("a", "c", error=KeyThrottled("TableWriteKeyRangeThroughputExceeded")))
    outcome = put_all(consumer, "abcd")
    assert (outcome.done, keys(outcome.hot), outcome.throttled, outcome.failed) == (2, "ac", [], [])
    assert consumer.counts == {"puts": 2, "key_throttled": 2}
    assert not consumer.backlog.throttled_within(1)
    assert [(line.message, line.levelno) for line in caplog.records] == [("key_throttled", logging.WARNING)] * 2
    assert {line.__dict__["cause"] for line in caplog.records} == {"TableWriteKeyRangeThroughputExceeded"}


def test_a_refused_record_is_rejected_with_every_delivery_of_it_and_the_rest_is_put() -> None:
    consumer = Consumer(error_of("a", error=PutRefused("too nested")))
    versions = [delivery(f"m{n}", '{"id":"a"}', sent_ms=n) for n in (1, 2)]
    outcome = consumer.dependencies.puts.put_all(pending([*versions, *batch("b")]), has_time=lambda: True)
    rejected = [(each.delivery.message_id, each.reason, each.detail) for each in outcome.refused]
    assert rejected == [("m1", "put_refused", "too nested"), ("m2", "put_refused", "too nested")]
    assert (outcome.done, outcome.failed) == (1, [])
    assert consumer.counts == {"puts": 1}, "whoever sends dead letters counts them"


def test_a_put_without_an_answer_fails_alone() -> None:
    consumer = Consumer(error_of("a", "c", error=TableUnavailable("ReadTimeoutError")))
    outcome = put_all(consumer, "abcd")
    assert (outcome.done, keys(outcome.failed), outcome.throttled) == (2, "ac", [])
    assert consumer.table.puts == ["a", "b", "c", "d"]
    assert consumer.counts == {"puts": 2, "table_unavailable": 2}
    assert not consumer.backlog.throttled_within(1)


@pytest.mark.parametrize("answer", [None, KeyThrottled("hot"), PutRefused("no")])
def test_any_answer_of_the_table_between_two_puts_without_one_shows_that_it_is_there(answer: Exception | None) -> None:
    table = error_of("a", "c", error=TableUnavailable("ReadTimeoutError"))
    table.errors |= {"b": answer} if answer else {}
    outcome = put_all(Consumer(table), "abcd")
    assert (outcome.done, keys(outcome.failed)) == (1 if answer else 2, "ac")
    assert table.puts == ["a", "b", "c", "d"]


def test_after_two_puts_in_a_row_without_an_answer_no_other_begins_and_the_rest_fails_with_them() -> None:
    consumer = Consumer(error_of("b", "c", error=TableUnavailable("ReadTimeoutError")))
    outcome = put_all(consumer, "abcde")
    assert (outcome.done, keys(outcome.failed), outcome.throttled) == (1, "bcde", [])
    assert consumer.table.puts == ["a", "b", "c"]
    assert consumer.counts == {"puts": 1, "table_unavailable": 2}


def test_a_misconfiguration_is_an_error_in_the_log_and_the_rest_fails_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    consumer = Consumer(error_of("a", error=TableMisconfigured("AccessDeniedException")))
    outcome = put_all(consumer, "abc")
    assert (outcome.done, keys(outcome.failed), outcome.throttled) == (0, "abc", [])
    assert consumer.table.puts == ["a"]
    assert consumer.counts == {"table_misconfigured": 1}
    assert [(line.message, line.levelno) for line in caplog.records] == [("table_misconfigured", logging.ERROR)]


def test_an_error_that_nobody_expects_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        put_all(Consumer(error_of("b", error=ZeroDivisionError())), "abc")


def test_what_there_was_no_time_for_waits_as_after_a_throttle_but_is_not_counted_as_one() -> None:
    consumer = Consumer()
    left = iter([True, True, False, False])
    outcome = put_all(consumer, "abcd", lambda: next(left))
    assert (outcome.done, keys(outcome.throttled), outcome.failed) == (2, "cd", [])
    assert consumer.counts == {"puts": 2}
    assert not consumer.backlog.throttled_within(1)


# ── counts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_freshness_is_the_time_from_acceptance_to_the_put_and_of_what_was_put_only() -> None:
    consumer = Consumer()
    consumer.drain(delivery("a", sent_ms=NOW_MS - 90_500), delivery("b", sent_ms=NOW_MS + 60_000))
    consumer.drain(delivery("a", sent_ms=NOW_MS - 90_500))
    assert consumer.counts["superseded"] == 1
    # The clock of another machine may be ahead.
    assert consumer.freshness == [90.5, 0.0]


def test_a_record_that_the_table_already_has_is_done_and_counts_as_superseded() -> None:
    consumer = Consumer()
    put_all(consumer, "a")
    assert put_all(consumer, "ab") == PutOutcome(done=2)
    assert consumer.counts == {"puts": 2, "superseded": 1}


def test_the_units_that_dynamodb_reports_are_counted_and_observed() -> None:
    consumer = Consumer(Table(put_units={"": 3.0, "index": 8.0}, rates={"": 10.0, "index": 10.0}))
    consumer.backlog.refresh()
    consumer.backlog.received([1, 1])
    put_all(consumer, "ab")
    assert consumer.write_units == 6
    assert consumer.backlog.turn_seconds() == pytest.approx(0.8)


def test_where_dynamodb_reports_no_units_they_are_estimated_from_the_size() -> None:
    consumer = Consumer(Table(rates={"": 10.0}))
    consumer.backlog.refresh()
    consumer.backlog.received([3])
    consumer.dependencies.puts.put_all(pending(batch("a", pad=2500)), has_time=lambda: True)
    assert consumer.write_units == 3
    assert consumer.backlog.turn_seconds() == pytest.approx(0.3)


def test_units_of_indexes_alone_are_not_counted_as_the_units_of_the_table() -> None:
    consumer = Consumer(Table(put_units={"index": 8.0}))
    put_all(consumer, "a")
    assert consumer.write_units == 0
