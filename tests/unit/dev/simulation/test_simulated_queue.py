"""The simulated queue, by the rules that SQS documents."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from dev.simulation.bill import SimulatedBill
from dev.simulation.clock import VirtualClock
from dev.simulation.faults import Chance, SimulatedFaults
from dev.simulation.queue import QueueCounts, SimulatedQueue
from dev.simulation.sqs import SqsClient

_HOUR = 3600.0
_NAMES = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


def chance_of(faults: SimulatedFaults) -> Chance:
    return Chance(faults, Random(1))  # noqa: S311 - from a seed


def queue_of(clock: VirtualClock, faults: SimulatedFaults | None = None, **more: Any) -> SimulatedQueue:
    return SimulatedQueue(90.0, 100, clock, chance_of(faults or SimulatedFaults()), **more)


def client_of(queue: SimulatedQueue, counts_error: float = 0.0) -> SqsClient:
    return SqsClient(
        queue, queue, queue.chance, queue.clock, bill=SimulatedBill(), lineage=lambda: 1, counts_error=counts_error
    )


def at(clock: VirtualClock, *steps: tuple[float, Callable[[], Any]]) -> list[Any]:
    """Each step at its time; what they returned."""
    returned: list[Any] = []
    for when, step in steps:
        clock.start(lambda step=step: returned.append(step()), after=when)  # type: ignore[misc] # a lambda's default
    clock.run(until=lambda: False)
    return returned


def fill(queue: SimulatedQueue, count: int) -> None:
    for n in range(count):
        queue.send(str(n), {})


def test_a_message_is_visible_again_when_its_timeout_ends() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    queue.send("a", {})
    first, hidden, again = at(clock, *((when, lambda: len(queue.receive(10))) for when in (5.0, 94.9, 95.0)))
    assert (first, hidden, again) == (1, 0, 1)


def test_a_message_is_shown_once_however_often_it_was_hidden_for_the_same_time() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    queue.send("a", {})
    (message,) = queue.receive(1)
    for _ in range(3):
        queue.hide(message.handle, 90)
    assert at(clock, (200.0, lambda: len(queue.receive(10)))) == [1]


def test_visibility_ends_at_most_twelve_hours_after_the_receive() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    queue.send("a", {})
    (message,) = queue.receive(1)
    codes = at(
        clock,
        (0.0, lambda: queue.hide(message.handle, 12 * _HOUR)),
        (_HOUR, lambda: queue.hide(message.handle, 11 * _HOUR + 1)),
        (_HOUR, lambda: queue.hide(message.handle, 11 * _HOUR)),
    )
    assert codes == [None, "InvalidParameterValue", None]


def test_a_visible_message_cannot_be_hidden() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    queue.send("a", {})
    (message,) = queue.receive(1)
    assert at(clock, (91.0, lambda: queue.hide(message.handle, 10)), (92.0, lambda: len(queue.receive(1)))) == [
        "MessageNotInflight",
        1,
    ]


def test_a_change_of_visibility_reports_each_entry_that_failed() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    fill(queue, 2)
    client = client_of(queue)
    messages = queue.receive(2)

    def change() -> Any:
        entries = [
            {"Id": str(n), "ReceiptHandle": message.handle, "VisibilityTimeout": 43_200 - 100 * n}
            for n, message in enumerate(messages)
        ]
        return client.change_message_visibility_batch(QueueUrl="records", Entries=entries)

    (answer,) = at(clock, (50.0, change))
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [("0", "InvalidParameterValue")]


def test_beyond_the_quota_in_flight_a_receive_returns_nothing_until_one_is_deleted() -> None:
    clock = VirtualClock()
    queue = queue_of(clock, in_flight_max=12)
    fill(queue, 30)
    first = queue.receive(10)
    assert len(first) == 10
    assert len(queue.receive(10)) == 2
    assert queue.receive(10) == []
    queue.delete(first[0].handle)
    assert len(queue.receive(10)) == 1


def test_a_long_poll_that_the_quota_holds_back_ends_with_a_deletion() -> None:
    clock = VirtualClock()
    queue = queue_of(clock, in_flight_max=1)
    fill(queue, 2)
    (message,) = queue.receive(10)

    def long_poll() -> float:
        queue.wait()
        return clock.now

    assert at(clock, (0.0, long_poll), (7.0, lambda: queue.delete(message.handle) and 0.0)) == [0.0, 7.0]


@pytest.mark.parametrize("partial", [False, True])
def test_a_receive_returns_as_many_as_there_are_or_a_part_of_them(partial: bool) -> None:  # noqa: FBT001 - a parameter
    queue = queue_of(VirtualClock(), SimulatedFaults(partial_receives=partial))
    fill(queue, 1000)
    sizes = {len(queue.receive(10)) for _ in range(90)}
    assert sizes == (set(range(1, 11)) if partial else {10})


def test_a_long_poll_ends_when_a_message_is_sent_or_becomes_visible() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    ended: list[float] = []

    def poll() -> None:
        while len(ended) < 4:
            queue.wait()
            if queue.receive(10):
                ended.append(clock.now)

    clock.start(poll)
    at(clock, (3.0, lambda: queue.send("a", {})), (10.0, lambda: queue.send("b", {}, delay=30.0)))
    assert ended == [3.0, 40.0, 93.0, 130.0]


@pytest.mark.parametrize("count", [1, 7])
def test_messages_that_one_long_poll_can_receive_end_only_one(count: int) -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    ended: list[tuple[int, float]] = []

    def poll(number: int) -> None:
        queue.wait(20.0)
        ended.append((number, clock.now))
        queue.receive(10)

    for number in range(3):
        clock.start(lambda number=number: poll(number))  # type: ignore[misc] # a lambda's default
    clock.start(lambda: fill(queue, count), after=5.0)
    clock.run(until=lambda: False)
    assert ended == [(0, 5.0), (1, 20.0), (2, 20.0)]


def test_the_counts_follow_every_change() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    fill(queue, 20)
    queue.send("late", {}, delay=100.0)
    received = queue.receive(10)
    queue.delete(received[0].handle)
    queue.hide(received[1].handle, 0)
    assert queue.counts() == QueueCounts(visible=11, in_flight=8, delayed=1)
    assert at(clock, (95.0, queue.counts), (101.0, queue.counts)) == [
        QueueCounts(visible=19, in_flight=0, delayed=1),
        QueueCounts(visible=20, in_flight=0, delayed=0),
    ]


def test_the_counts_of_a_minute_ago_are_what_they_were() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    for second in range(100):
        clock.start(lambda: fill(queue, 1), after=float(second))
    counts = at(clock, (99.5, lambda: [queue.counts_at(99.5 - age).visible for age in (0, 10, 30, 60)]))
    assert counts == [[100, 90, 70, 40]]


def test_counts_are_never_older_than_a_minute_however_long_nothing_happened() -> None:
    clock = VirtualClock()
    queue = queue_of(clock)
    fill(queue, 50)
    assert at(clock, (1000.0, lambda: queue.counts_at(940.0).visible)) == [50]


def test_the_attributes_are_text_and_only_those_that_are_asked_for() -> None:
    clock = VirtualClock()
    queue = queue_of(clock, counts_age_seconds_max=0.0)
    fill(queue, 20)
    queue.receive(10)
    client = client_of(queue)
    every, one = at(
        clock,
        (0.0, lambda: client.get_queue_attributes(QueueUrl="records", AttributeNames=["All"])),
        (0.0, lambda: client.get_queue_attributes(QueueUrl="records", AttributeNames=_NAMES[:1])),
    )
    assert every == {"Attributes": dict(zip(_NAMES, ["10", "10", "0"], strict=True))}
    assert one == {"Attributes": {_NAMES[0]: "10"}}


def test_the_attributes_are_off_by_up_to_their_error() -> None:
    clock = VirtualClock()
    queue = queue_of(clock, counts_age_seconds_max=0.0)
    fill(queue, 1000)
    client = client_of(queue, counts_error=0.05)
    answers = at(clock, *[(1.0, lambda: client.get_queue_attributes(QueueUrl="records", AttributeNames=_NAMES))] * 300)
    counts = [int(answer["Attributes"][_NAMES[0]]) for answer in answers]
    assert 950 <= min(counts) < 960
    assert 1040 < max(counts) <= 1050


def test_the_attributes_are_old_and_off_within_their_limits() -> None:
    clock = VirtualClock()
    queue = queue_of(clock, counts_age_seconds_max=60.0)
    client = client_of(queue, counts_error=0.05)
    for second in range(400):
        clock.start(lambda: fill(queue, 10), after=float(second))
    seen: list[tuple[float, int]] = []

    def ask() -> None:
        answer = client.get_queue_attributes(QueueUrl="records", AttributeNames=["All"])
        seen.append((clock.now, int(answer["Attributes"]["ApproximateNumberOfMessages"])))

    at(clock, *((200.5 + n / 2, ask) for n in range(380)))
    true = [10 * (int(now) + 1) for now, _ in seen]
    assert all(
        (now - 60) * 10 * 0.95 - 10 <= count <= most * 1.05 + 1 for (now, count), most in zip(seen, true, strict=True)
    )
    assert min(count / most for (_, count), most in zip(seen, true, strict=True)) < 0.9
    assert len({count for _, count in seen}) > 100
