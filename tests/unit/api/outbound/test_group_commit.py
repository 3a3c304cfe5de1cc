"""Group commit: requests that are in flight together share batches, and nobody waits for another without need."""

import asyncio
import gc
import threading
from collections.abc import Awaitable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.outbound.group_commit import UNCONFIRMED_BYTES_MAX, QueueSender
from api.problems import QueueBusy
from api.request_log import request_id
from records.key import Key
from records.limits import MESSAGE_BYTES_MAX, SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX
from records.message import Message
from tests.unit.api.doubles import Answer, Batch, Sqs, confirm, queue_of

_Given = TypeVar("_Given")


def message(name: str, size: int = 100) -> Message:
    return Message(Key(name), f"body {name}", f"version {name}", size)


def messages(*names: str) -> list[Message]:
    return [message(name) for name in names]


class Gate:
    """Calls of SQS that wait until they are let through."""

    def __init__(self, calls: int) -> None:
        self.open = threading.Event()
        self.sqs = Sqs(*[self._hold] * calls)

    def _hold(self, batch: Batch) -> Answer:
        assert self.open.wait(timeout=30)
        return confirm(batch)

    async def calls(self, number: int) -> None:
        """Until so many calls have begun."""
        while len(self.sqs.batches) < number:  # noqa: ASYNC110 - a thread makes them
            await asyncio.sleep(0.001)

    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.sqs.batches]


async def soon(awaitable: Awaitable[_Given]) -> _Given:
    return await asyncio.wait_for(awaitable, timeout=30)


def bodies(batch: Batch) -> list[str]:
    return [entry["MessageBody"] for entry in batch]


def test_a_lone_request_waits_for_nobody() -> None:
    """Not for others to share a batch with, and not for a call that hangs."""

    async def scenario() -> list[Message]:
        gate = Gate(1)
        queue = queue_of(gate.sqs)
        first = asyncio.create_task(queue.send(messages("first")))
        await gate.calls(1)
        unconfirmed = await soon(queue.send(messages("second")))
        assert not first.done()
        gate.open.set()
        await soon(first)
        return unconfirmed

    assert asyncio.run(scenario()) == []


def test_requests_that_are_in_flight_together_share_batches() -> None:
    async def scenario() -> list[int]:
        gate = Gate(2)
        queue = queue_of(gate.sqs)
        tasks = [asyncio.create_task(queue.send(messages(f"early {n}"))) for n in range(2)]
        await gate.calls(2)
        tasks += [asyncio.create_task(queue.send(messages(f"late {n}"))) for n in range(24)]
        await gate.calls(4)  # two full batches leave although two calls hang
        assert not any(task.done() for task in tasks[:2])
        gate.open.set()
        assert await soon(asyncio.gather(*tasks)) == [[]] * 26
        return gate.sizes()

    assert sorted(asyncio.run(scenario())) == [1, 1, 4, 10, 10]


def test_each_request_is_answered_when_its_own_messages_are_confirmed() -> None:
    """One whose message SQS refuses waits; the other one of its batch does not."""

    def refuse_the_first(batch: Batch) -> Answer:
        return {"Successful": [{"Id": entry["Id"]} for entry in batch if "bad" not in entry["MessageBody"]]}

    async def scenario() -> tuple[list[Message], list[Message]]:
        sqs = Sqs(*[refuse_the_first] * 1000)
        queue: QueueSender = queue_of(sqs, 0.5)
        bad = asyncio.create_task(queue.send(messages("bad")))
        good = await queue.send(messages("good"))
        assert not bad.done()
        return good, await soon(bad)

    assert asyncio.run(scenario()) == ([], messages("bad"))


def test_a_large_request_does_not_keep_a_small_one_waiting() -> None:
    async def scenario() -> None:
        gate = Gate(1000)
        queue = queue_of(gate.sqs)
        large = asyncio.create_task(queue.send(messages(*(f"large {n}" for n in range(500)))))
        await gate.calls(8)  # as many as there may be
        small = asyncio.create_task(queue.send(messages("small")))
        await asyncio.sleep(0)
        gate.open.set()
        await soon(asyncio.gather(large, small))
        assert any("body small" in bodies(batch) for batch in gate.sqs.batches[8:10])

    asyncio.run(scenario())


def test_batches_are_at_most_a_mebibyte() -> None:
    async def scenario() -> None:
        sqs = Sqs()
        await queue_of(sqs).send([message(str(n), 400_000) for n in range(5)])
        assert [len(batch) for batch in sqs.batches] == [2, 2, 1]

    asyncio.run(scenario())


@pytest.mark.parametrize(("text", "fit"), [("x" * 1024**2, 64), ("x" * (1024**2 - 4) + "\U0001f600", 16)])
def test_what_exceeds_the_memory_budget_is_refused_at_once(text: str, fit: int) -> None:
    """Counted as it is in memory: a single emoji makes four bytes of each character."""

    async def scenario() -> None:
        gate = Gate(1)
        queue = queue_of(gate.sqs)
        full = [Message(Key(str(n)), text, f"version {n}", 1024**2) for n in range(fit)]
        assert fit * 1024**2 * (1 if text.isascii() else 4) == UNCONFIRMED_BYTES_MAX
        first = asyncio.create_task(queue.send(full))
        await gate.calls(1)
        try:
            await queue.send(messages("second"))
        except QueueBusy:
            refused = True
        else:
            refused = False
        gate.open.set()
        await soon(first)
        assert refused
        assert await soon(queue.send(messages("third"))) == []
        assert "body second" not in gate.sqs.bodies

    asyncio.run(scenario())


def test_a_request_that_has_given_up_sends_no_more() -> None:
    async def scenario() -> None:
        sqs = Sqs(*[lambda _: {}] * 1000)
        queue = queue_of(sqs, 0.2)
        assert await queue.send(messages("a")) == messages("a")
        sent = len(sqs.batches)
        await asyncio.sleep(1.2)
        assert len(sqs.batches) <= sent + 1  # one may have been in flight

    asyncio.run(scenario())


def test_a_request_that_is_over_leaves_nothing_in_memory() -> None:
    async def scenario() -> None:
        gate = Gate(8)
        queue = queue_of(gate.sqs, 0.2)
        hanging = [asyncio.create_task(queue.send(messages(*(f"{n} {i}" for i in range(10))))) for n in range(8)]
        await gate.calls(8)
        late = messages(*(f"late {n}" for n in range(100)))
        assert len(await soon(queue.send(late))) == 100
        del late
        gc.collect()
        alive = [each for each in gc.get_objects() if isinstance(each, Message) and "late" in each.body]
        assert alive == []
        gate.open.set()
        await soon(asyncio.gather(*hanging))

    asyncio.run(scenario())


def test_a_call_belongs_to_no_request() -> None:
    """Its log lines must not name one of those whose messages it carries, or a stranger."""
    seen: list[str | None] = []

    class Noting(Sqs):
        async def send_message_batch(self, queue_url: str, entries: Batch) -> Answer:
            seen.append(request_id.get())
            return await super().send_message_batch(queue_url, entries)

    async def scenario() -> None:
        request_id.set("somebody")
        await queue_of(Noting()).send(messages("a"))

    asyncio.run(scenario())
    assert seen == [None]


@given(sizes=st.lists(st.integers(1, 2000) | st.integers(1, MESSAGE_BYTES_MAX), max_size=60))
def test_batches_hold_every_message_once_within_the_limits(sizes: list[int]) -> None:
    sqs = Sqs()
    sent = [message(str(index), size) for index, size in enumerate(sizes)]
    assert asyncio.run(asyncio.wait_for(queue_of(sqs).send(sent), timeout=5)) == []
    size_of = {f"body {index}": size for index, size in enumerate(sizes)}
    assert sorted(sqs.bodies) == sorted(size_of)
    assert all(1 <= len(batch) <= SEND_BATCH_ENTRIES_MAX for batch in sqs.batches)
    assert all(sum(size_of[body] for body in bodies(batch)) <= SEND_BATCH_BYTES_MAX for batch in sqs.batches)
