"""A message is confirmed by SQS, or reported unconfirmed."""

import asyncio
import threading
from typing import Any

import pytest

from api.outbound.group_commit import QueueSender
from api.outbound.sqs import SendFailed
from records.key import Key
from records.message import Message
from tests.unit.api.doubles import Answer, Batch, Sqs, budget, confirm, queue_of


def send(sqs: Sqs, seconds_max: float = 30) -> list[Message]:
    """What was not confirmed."""
    return asyncio.run(queue_of(sqs, seconds_max).send(_MESSAGES))


_MESSAGES = [Message(Key(str(n)), f"body {n}", f"version {n}", 100) for n in range(12)]


def refuse(*positions: int) -> Any:
    def answer(batch: Batch) -> Answer:
        failed = [batch[position]["Id"] for position in positions]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in batch if entry["Id"] not in failed],
            "Failed": [{"Id": entry_id, "Code": "InternalError", "SenderFault": False} for entry_id in failed],
        }

    return answer


def lose(*positions: int) -> Any:
    """Some entries are in neither half of the answer."""
    return lambda batch: {"Successful": refuse(*positions)(batch)["Successful"]}


def fail(error: BaseException) -> Any:
    def answer(_batch: Batch) -> Answer:
        raise error

    return answer


def test_every_message_is_sent_once_with_its_version() -> None:
    sqs = Sqs()
    assert send(sqs) == []
    assert [len(batch) for batch in sqs.batches] == [10, 2]
    assert sqs.bodies == [f"body {n}" for n in range(12)]
    attributes = [entry["MessageAttributes"] for entry in sqs.durable]
    assert attributes == [{"version": {"DataType": "String", "StringValue": f"version {n}"}} for n in range(12)]


@pytest.mark.parametrize(("trace", "attributes"), [(None, None), ("Root=1-5e1b4151-5ac6c58f;Sampled=1", "header")])
def test_a_message_carries_the_trace_of_its_request(trace: str | None, attributes: str | None) -> None:
    sqs: Any = Sqs()
    asyncio.run(QueueSender(sqs, "queue-url", budget(), trace=lambda: trace).send(_MESSAGES[:1]))
    expected = attributes and {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    assert sqs.durable[0].get("MessageSystemAttributes") == expected


@pytest.mark.parametrize(
    "failure",
    [
        refuse(0, 3),
        refuse(*range(10)),
        lose(9),
        lose(*range(10)),
        fail(SendFailed("RequestThrottled")),
        fail(RuntimeError("surprise")),
        fail(asyncio.CancelledError()),
        lambda _: {"Successful": [{}]},
        lambda _: {"Failed": [{}]},
    ],
)
def test_what_sqs_did_not_confirm_is_retried(failure: Any) -> None:
    sqs = Sqs(failure)
    assert send(sqs) == []
    assert sorted(sqs.bodies) == sorted(f"body {n}" for n in range(12))


def test_only_what_sqs_did_not_confirm_is_retried() -> None:
    sqs = Sqs(refuse(2), confirm)
    send(sqs)
    assert [entry["MessageBody"] for entry in sqs.batches[-1]] == ["body 2"]


@pytest.mark.parametrize("failure", [refuse(1), lose(1)])
def test_what_is_not_confirmed_when_the_time_is_up_is_returned(failure: Any) -> None:
    always = [failure, confirm, *[lambda _: {}] * 1000]
    assert send(Sqs(*always), seconds_max=0.2) == [_MESSAGES[1]]


def test_a_queue_that_hangs_is_not_waited_for() -> None:
    let_go = threading.Event()

    def hang(_batch: Batch) -> Answer:
        assert let_go.wait(30)
        return {}

    async def scenario() -> list[Message]:
        unconfirmed = await queue_of(Sqs(confirm, hang), 0.2).send(_MESSAGES)
        let_go.set()
        return unconfirmed

    assert asyncio.run(scenario()) == _MESSAGES[10:]


def test_only_a_calls_own_answer_confirms_its_messages() -> None:
    """A late answer of an earlier call confirms nothing."""
    earlier: list[Answer] = []

    def remember(batch: Batch) -> Answer:
        earlier.append(confirm(batch))
        return {}

    sqs = Sqs(remember, lambda _: {}, *[lambda _: earlier[0]] * 1000)
    assert send(sqs, seconds_max=0.3) == _MESSAGES


def test_several_batches_are_in_flight_at_once() -> None:
    together = threading.Barrier(4, timeout=20)

    def wait_for_the_others(batch: Batch) -> Answer:
        together.wait()
        return confirm(batch)

    messages = [Message(Key(str(n)), "", str(n), 100) for n in range(40)]
    assert asyncio.run(queue_of(Sqs(*[wait_for_the_others] * 4)).send(messages)) == []
