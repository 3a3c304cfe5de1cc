"""The drain: every delivery is put, superseded, dead-lettered, or given back; never two of these, never none."""

from collections.abc import Iterable

import pytest

from consumer.delivery import Delivery
from consumer.drain import STOP_MS, Drain
from consumer.table import PutRefused, TableThrottled, TableUnavailable
from records.key import KeySchema
from tests.consumer.doubles import NOW_MS, DeadLetterQueue, Table, delivery


def drain(
    table: Table, deliveries: list[Delivery], dead: DeadLetterQueue | None = None, time_left_ms: Iterable[int] = ()
) -> list[str]:
    """The ids of the messages that go back to the queue."""
    left = iter(time_left_ms)
    policy = Drain(table, dead or DeadLetterQueue(), KeySchema(), lambda: NOW_MS)
    return [each.message_id for each in policy.drain(deliveries, lambda: next(left, 60_000))]


def test_a_batch_is_put_with_its_provenance() -> None:
    table = Table()
    assert drain(table, [delivery("a"), delivery("b")]) == []
    assert set(table.records) == {"a", "b"}
    assert table.provenances["a"].version == table.records["a"].version
    assert (table.provenances["a"].sqs, table.provenances["a"].ddb) == (
        "2023-11-14T22:13:20.000Z",
        "2023-11-14T22:13:29.000Z",
    )


@pytest.mark.parametrize("error", [TableThrottled("slow down"), TableUnavailable("InternalServerError")])
def test_a_table_that_does_not_take_a_record_stops_the_batch_and_the_rest_goes_back(error: Exception) -> None:
    table = Table({"b": error})
    dead = DeadLetterQueue()
    batch = [delivery("a", sent_ms=1), delivery("b", sent_ms=2), delivery("c", sent_ms=3)]
    assert drain(table, batch, dead) == ["b", "c"]
    assert table.puts == ["a", "b"]
    assert dead.letters == []


def test_a_bad_message_is_dead_lettered_and_those_beside_it_are_put() -> None:
    table, dead = Table({"d": PutRefused("no")}), DeadLetterQueue()
    batch = [delivery("a"), delivery("b", "{"), delivery("c", '{"id":""}'), delivery("d"), delivery("e")]
    assert drain(table, batch, dead) == []
    assert dead.letters == [("b", "json_malformed"), ("c", "key_invalid"), ("d", "put_refused")]
    assert set(table.records) == {"a", "e"}


def test_a_bad_message_that_cannot_be_dead_lettered_goes_back() -> None:
    batch = [delivery("a"), delivery("b", "{"), delivery("c")]
    assert drain(Table({"c": PutRefused("no")}), batch, DeadLetterQueue(takes=False)) == ["b", "c"]
    assert drain(Table(), [delivery("a"), delivery("b", "{")], time_left_ms=[60_000, STOP_MS]) == ["b"]


def test_of_one_id_in_a_batch_only_the_newest_version_is_put() -> None:
    table = Table()
    batch = [delivery(f"m{n}", f'{{"id":"same","n":{n}}}', sent_ms=n) for n in (2, 3, 1)]
    assert drain(table, batch) == []
    assert table.puts == ["same"]
    assert table.records["same"].attributes["n"] == 3


def test_all_versions_of_an_id_go_back_when_the_newest_could_not_be_put() -> None:
    batch = [delivery(f"m{n}", '{"id":"same"}', sent_ms=n) for n in (1, 2)]
    assert drain(Table({"same": TableThrottled("slow down")}), batch) == ["m1", "m2"]


def test_no_put_begins_when_the_time_is_nearly_up() -> None:
    table = Table()
    batch = [delivery(name, sent_ms=n) for n, name in enumerate("abc")]
    assert drain(table, batch, time_left_ms=[60_000, STOP_MS]) == ["b", "c"]
    assert table.puts == ["a"]


def test_an_error_that_nobody_expected_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        drain(Table({"a": ZeroDivisionError()}), [delivery("a")])
