"""Waiting: a batch waits inside the invocation for its turns, and what has no turn in it returns at once."""

from itertools import pairwise

from consumer.drain import STOP_MS
from consumer.table import TableThrottled
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table, delivery

_STOP = 60.0 - STOP_MS / 1000


def batch(count: int) -> list[str]:
    return [f"m{n}" for n in range(count)]


def throttled_once(units_per_second: float, *, free_at: float = 0.0) -> Consumer:
    """A table that throttles the first put, so that the pace knows its rate. Each of two workers has half of it."""
    throttled: dict[str, Exception] = {"m0": TableThrottled("slow down")}
    return Consumer(Table(errors_once=throttled, units_per_second=units_per_second, full_until=free_at))


def drain(consumer: Consumer, count: int, *, receives: int = 1, seconds: float = 60.0) -> list[str]:
    deliveries = [delivery(name, sent_ms=NOW_MS + n, receives=receives) for n, name in enumerate(batch(count))]
    return consumer.drain(*deliveries, seconds=seconds)


def test_nothing_waits_while_no_put_is_throttled() -> None:
    consumer = Consumer()
    assert drain(consumer, 10) == []
    assert consumer.time.now == 0.0
    assert consumer.table.asked == []


def test_a_throttled_batch_waits_for_its_turns_inside_the_invocation() -> None:
    consumer = throttled_once(2.0)
    assert drain(consumer, 10) == []
    assert list(consumer.table.records) == batch(10)
    began = consumer.table.began[1:]
    assert all(after - before > 1.0 for before, after in pairwise(began))
    assert 9.0 < consumer.time.now < 12.0
    assert consumer.counts == {"puts": 10, "throttles": 1}


def test_a_turn_is_as_long_as_the_units_that_the_put_consumed() -> None:
    consumer = throttled_once(2.0)
    consumer.table.put_units = 4.0
    drain(consumer, 3)
    began = consumer.table.began[1:]
    assert all(after - before > 4.0 for before, after in pairwise(began))


def test_throttled_puts_are_retried_but_not_after_the_stop_time() -> None:
    consumer = throttled_once(2.0, free_at=20.0)
    assert drain(consumer, 3) == []
    assert consumer.table.records
    assert consumer.table.began[-1] > 20.0

    consumer = throttled_once(2.0, free_at=1000.0)
    assert drain(consumer, 3) == batch(3)
    assert consumer.counts["throttles"] > 5
    assert max(consumer.table.began) < _STOP
    assert consumer.time.now == _STOP


def test_what_has_no_turn_in_the_invocation_returns_at_once_and_is_hidden_until_there_is_capacity() -> None:
    consumer = throttled_once(0.2)
    turn = 10.1
    back = drain(consumer, 10)
    assert len(consumer.table.records) + len(back) == 10
    assert 3 <= len(consumer.table.records) <= 5
    assert set(back) == set(consumer.queue.hidden)
    first = min(consumer.queue.hidden_at.values())
    assert first < turn + 1
    late = sorted(seconds for name, seconds in consumer.queue.hidden.items() if consumer.queue.hidden_at[name] == first)
    assert len(late) >= 4
    assert late[0] > _STOP - first - 1
    assert all(turn - 1 <= after - before <= turn + 1 for before, after in pairwise(late))
    assert max(consumer.table.began) < _STOP


def test_no_put_begins_when_the_time_is_nearly_up() -> None:
    consumer = Consumer()
    assert set(drain(consumer, 3, seconds=STOP_MS / 1000)) == set(batch(3))
    assert consumer.table.puts == []
    assert set(consumer.queue.hidden) == set(batch(3))


def test_an_invocation_without_a_turn_lasts_until_its_stop_time() -> None:
    consumer = throttled_once(0.01)
    assert set(drain(consumer, 3)) == set(batch(3))
    assert consumer.time.now == _STOP
    # The next batch of the same worker is not tried either, and takes as long.
    assert set(drain(consumer, 3)) == set(batch(3))
    assert len(consumer.table.puts) == 1
    assert set(consumer.queue.hidden_at.values()) == {_STOP}
    assert consumer.time.now == 2 * _STOP


def test_the_rate_of_the_table_is_read_at_the_first_throttle_and_again_while_puts_are_paced() -> None:
    consumer = throttled_once(1.0)
    drain(consumer, 10)
    drain(consumer, 10)
    assert consumer.table.asked[0] == 0.0
    assert all(29 < after - before < 35 for before, after in pairwise(consumer.table.asked))
    assert len(consumer.table.asked) >= 2


def test_puts_wait_for_a_table_with_an_unknown_rate_too() -> None:
    consumer = throttled_once(2.0)
    consumer.table.silent = True
    assert drain(consumer, 3) == []
    assert list(consumer.table.records) == batch(3)
    assert len(consumer.table.asked) >= 1


def test_a_higher_rate_of_the_table_is_used() -> None:
    consumer = throttled_once(1.0)
    drain(consumer, 10)
    consumer.table.units_per_second = 100.0
    consumer.time.now += 20.0
    began = consumer.time.now
    consumer.drain(*(delivery(f"later{n}", sent_ms=NOW_MS + n) for n in range(10)))
    assert consumer.time.now - began < 5.0


def test_a_warm_function_starts_at_full_speed_again_after_a_pause() -> None:
    consumer = throttled_once(1.0)
    drain(consumer, 3)
    consumer.time.now += 40.0
    began = consumer.time.now
    consumer.drain(*(delivery(f"later{n}", sent_ms=NOW_MS + n) for n in range(10)))
    assert consumer.time.now == began
