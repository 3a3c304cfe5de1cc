"""Whatever SQS, or something on the path to it, answers: nothing unconfirmed counts as confirmed, at most the call that
was disturbed is repeated, once, and the next request is confirmed at its first try.
"""

import asyncio
import gc
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.outbound.group_commit import QueueSender
from records.key import Key
from records.message import Message
from tests.unit.api.outbound.scripted_sqs import (
    Exchange,
    Script,
    ScriptedSqs,
    chunked,
    confirm,
    entry,
    response,
    result,
    result_of,
    write,
)

_ROUNDS = 4
_RESPONSE_SECONDS = 20.0  # so that nothing but the answer itself ends a call


def messages(name: str) -> list[Message]:
    return [Message(Key(f"{name} {n}"), f"{name} {n}", f"version {name} {n}", 100) for n in range(10)]


async def with_no_error_left(scenario: Awaitable[Any]) -> None:
    """Fails on what asyncio would log, such as `Task exception was never retrieved`."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    await asyncio.wait_for(scenario, timeout=60)
    gc.collect()
    await asyncio.sleep(0)
    assert errors == []


Between = Callable[[ScriptedSqs], Awaitable[None]]


async def nothing(_sqs: ScriptedSqs) -> None:
    pass


def check(*scripts: Script, between: Between = nothing, response_seconds_max: float = _RESPONSE_SECONDS) -> ScriptedSqs:
    """Several requests one after the other, the first of which are answered by the scripts."""
    sqs: list[ScriptedSqs] = []

    async def scenario() -> None:
        async with ScriptedSqs(*scripts) as scripted:
            sqs.append(scripted)
            queue = scripted.queue(response_seconds_max)
            for number in range(_ROUNDS):
                sent = messages(f"round {number}")
                assert await queue.send(sent) == []
                assert {message.body for message in sent} <= scripted.confirmed
                if number == 0:
                    await between(scripted)

    asyncio.run(with_no_error_left(scenario()))
    copies = sqs[0].copies
    repeated = [body for body, times in copies.items() if times > 1]
    assert set(copies.values()) <= {1, 2}
    assert len({body.rpartition(" ")[0] for body in repeated}) <= 1, "one round at most was repeated"
    assert all(copies[message.body] == 1 for message in messages(f"round {_ROUNDS - 1}"))
    assert len(sqs[0].requests) <= _ROUNDS + 1
    return sqs[0]


# What is no result of the call: whatever it says, nothing is confirmed by it.
_INVALID: dict[str, Script] = {
    "null": result(None),
    "a string": result("Successful"),
    "a number": result(1),
    "a list": result([]),
    "a confirmed null": result({"Successful": [None]}),
    "a refused null": result({"Failed": [None]}),
    "confirmed strings": result_of(lambda ids: {"Successful": ids}),
    "a confirmed object": result_of(lambda ids: {"Successful": {"Id": ids[0]}}),
    "confirmed text": result({"Successful": "all"}),
    "confirmed true": result({"Successful": True}),
    "refused zero": result_of(lambda ids: {"Successful": [entry(each) for each in ids], "Failed": 0}),
    "a list as id": result_of(lambda ids: {"Successful": [entry([each]) for each in ids]}),
    "an object as id": result_of(lambda ids: {"Successful": [entry({"Id": each}) for each in ids]}),
    "no id": result_of(lambda ids: {"Successful": [entry(ids[0]), {"MessageId": "m"}]}),
    "null as id": result_of(lambda ids: {"Successful": [entry(ids[0]), entry(None)]}),
    "an id twice": result_of(lambda ids: {"Successful": [entry(each) for each in [*ids, ids[0]]]}),
    "an id refused twice": result_of(lambda ids: {"Failed": [entry(each) for each in [*ids, ids[0]]]}),
    "an id in both": result_of(lambda ids: {"Successful": [entry(each) for each in ids], "Failed": [entry(ids[0])]}),
    "others' ids": result({"Successful": [entry(f"999-{n}") for n in range(10)]}),
    "one other id": result_of(lambda ids: {"Successful": [*(entry(each) for each in ids), entry("999-0")]}),
    "another id refused": result({"Failed": [entry("999-0")]}),
    "no JSON": write(lambda _: response(b"<html></html>")),
    "empty": write(lambda _: response(b"")),
    "not UTF-8": write(lambda _: response(b'{"Successful": "\xff"}')),
    "deeply nested": write(lambda _: response(b"[" * 100_000)),
    "a result after the result": write(lambda exchange: response(2 * json.dumps({"Failed": exchange.ids}).encode())),
}


@pytest.mark.parametrize("name", _INVALID)
def test_an_invalid_result_confirms_nothing_and_ends_its_connection(name: str) -> None:
    sqs = check(_INVALID[name])
    assert {sqs.copies[message.body] for message in messages("round 0")} == {2}
    assert sqs.connections == 2


# What is no HTTP response, or not all of it.
_MALFORMED: dict[str, Script] = {
    "garbage": write(lambda _: b"\x00\xff garbage \r\n\r\n" * 10),
    "another protocol": write(lambda _: b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "no status": write(lambda _: b"HTTP/1.1 OK\r\n\r\n"),
    "nothing at all": write(lambda _: b"", close=True),
    "a head cut short": write(lambda e: response(e.confirmation())[:30], close=True),
    "a body cut short": write(lambda e: response(e.confirmation())[:-1], close=True),
    "a chunk cut short": write(lambda e: chunked(e.confirmation())[:-9], close=True),
    "no last chunk": write(lambda e: chunked(e.confirmation()).removesuffix(b"0\r\n\r\n"), close=True),
    "no chunk's size": write(lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "a negative length": write(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    "two lengths": write(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "an oversized body": write(lambda e: response(e.confirmation() + b" " * 2**20)),
    "oversized chunks": write(lambda e: chunked(e.confirmation() + b" " * 2**20, 2**16)),
    "an oversized body up to the end": write(
        lambda e: b"HTTP/1.1 200 OK\r\n\r\n" + e.confirmation() + b" " * 2**20, close=True
    ),
    "an oversized head": write(lambda _: b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000),
    "interim responses without end": write(lambda _: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50_000),
    "another protocol's start": write(lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
}


@pytest.mark.parametrize("name", _MALFORMED)
def test_a_malformed_response_confirms_nothing_and_ends_its_connection(name: str) -> None:
    sqs = check(_MALFORMED[name])
    assert {sqs.copies[message.body] for message in messages("round 0")} == {2}
    assert sqs.connections == 2


# Valid, and the connection may not or need not be kept.
_UNUSUAL: dict[str, tuple[Script, int]] = {
    "chunked": (write(lambda e: chunked(e.confirmation())), 1),
    "trailers": (write(lambda e: chunked(e.confirmation()).removesuffix(b"\r\n") + b"X-Trailer: x\r\n\r\n"), 1),
    "interim responses": (
        write(lambda e: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + response(e.confirmation())),
        1,
    ),
    "HTTP/1.0": (write(lambda e: response(e.confirmation(), "HTTP/1.0 200 OK")), 2),
    "HTTP/1.0 that stays open": (
        write(lambda e: response(e.confirmation(), "HTTP/1.0 200 OK\r\nConnection: keep-alive")),
        2,
    ),
    "Connection: close": (write(lambda e: response(e.confirmation(), "HTTP/1.1 200 OK\r\nConnection: close")), 2),
    "a body up to the end": (write(lambda e: b"HTTP/1.1 200 OK\r\n\r\n" + e.confirmation(), close=True), 2),
    "closed afterwards": (write(lambda e: response(e.confirmation()), close=True), 2),
    "bytes left over": (write(lambda e: response(e.confirmation()) + b"\r\n"), 2),
    "two answers": (write(lambda e: 2 * response(e.confirmation())), 2),
    "an error behind the answer": (
        write(lambda e: response(e.confirmation()) + response(b"{}", "HTTP/1.1 500 Oh")),
        2,
    ),
    "both lists null": (write(lambda e: response(e.confirmation()[:-1] + b', "Failed": null}')), 1),
}


@pytest.mark.parametrize("name", _UNUSUAL)
def test_a_valid_response_confirms_whatever_its_framing(name: str) -> None:
    script, connections = _UNUSUAL[name]
    sqs = check(script, between=end_of_connection if connections > 1 else nothing)
    assert set(sqs.copies.values()) == {1}
    assert sqs.connections == connections


async def end_of_connection(sqs: ScriptedSqs) -> None:
    await sqs.connection_ended.wait()


@pytest.mark.parametrize("failure", ["500 Oh no", "403 Forbidden", "503 Slow Down", "302 Found", "204 No Content"])
@pytest.mark.parametrize("body", [b"", b"<html></html>", b"null", b'{"__type": null}', b'{"__type": ["x"]}'])
def test_an_error_is_retried_whatever_its_body(failure: str, body: bytes) -> None:
    check(write(lambda _: response(b"" if "204" in failure else body, f"HTTP/1.1 {failure}")))


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"\r\n", b"x"])
def test_bytes_on_an_idle_connection_end_it_at_once(surplus: bytes) -> None:
    """Before anything is sent over it: no request is disturbed."""
    idle: list[Exchange] = []

    async def confirm_and_remember(exchange: Exchange) -> None:
        await confirm(exchange)
        idle.append(exchange)

    async def write_surplus(sqs: ScriptedSqs) -> None:
        idle[0].writer.write(surplus)
        await sqs.connection_ended.wait()

    sqs = check(confirm_and_remember, between=write_surplus)
    assert set(sqs.copies.values()) == {1}
    assert sqs.connections == 2


def test_an_earlier_answer_before_the_own_one_disturbs_one_call() -> None:
    """It arrives when the connection is in use again, so that nothing but its ids shows whose it is."""
    earlier: list[bytes] = []

    async def confirm_and_remember(exchange: Exchange) -> None:
        earlier.append(response(exchange.confirmation()))
        exchange.writer.write(earlier[0])

    async def repeat_the_earlier_first(exchange: Exchange) -> None:
        exchange.writer.write(earlier[0])
        await exchange.writer.drain()
        await confirm(exchange)

    sqs = check(confirm_and_remember, repeat_the_earlier_first)
    assert {sqs.copies[message.body] for message in messages("round 1")} == {2}
    assert sqs.connections == 2


def test_every_answer_twice_disturbs_nobody_for_long() -> None:
    """A server that repeats each of its answers, in whatever moment the second one arrives."""

    async def twice(exchange: Exchange) -> None:
        answer = response(exchange.confirmation())
        exchange.writer.write(answer)
        await exchange.writer.drain()
        await asyncio.sleep(0)
        exchange.writer.write(answer)

    async def scenario() -> None:
        async with ScriptedSqs(*[twice] * 1000) as sqs:
            queue = sqs.queue(_RESPONSE_SECONDS)
            for number in range(50):
                assert await queue.send(messages(str(number))) == []
            assert max(sqs.copies.values()) <= 2

    asyncio.run(with_no_error_left(scenario()))


def test_an_answer_after_the_time_limit_is_nobodys() -> None:
    released = asyncio.Event()

    async def answer_late(exchange: Exchange) -> None:
        await released.wait()
        await confirm(exchange)

    async def release(sqs: ScriptedSqs) -> None:
        released.set()
        await sqs.connection_ended.wait()

    sqs = check(answer_late, between=release, response_seconds_max=0.5)
    assert {sqs.copies[message.body] for message in messages("round 0")} == {2}
    assert sqs.connections == 2


def test_a_body_that_stops_in_the_middle_of_a_chunk_is_given_up() -> None:
    async def stop(exchange: Exchange) -> None:
        exchange.writer.write(chunked(exchange.confirmation())[:-20])
        await asyncio.Event().wait()

    sqs = check(stop, response_seconds_max=0.5)
    assert {sqs.copies[message.body] for message in messages("round 0")} == {2}


async def crowd(queue: QueueSender, sqs: ScriptedSqs, chance: random.Random) -> None:
    """Requests side by side, some of which give up."""

    async def one(number: int) -> None:
        sent = messages(f"{number}")[: chance.randint(1, 10)]
        task = asyncio.create_task(queue.send(sent))
        if chance.random() < 0.2:
            for _ in range(chance.randint(0, 30)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            return
        assert await task == []
        assert {message.body for message in sent} <= sqs.confirmed

    await asyncio.gather(*(one(number) for number in range(40)))


@pytest.mark.parametrize("seed", range(8))
def test_a_crowd_is_confirmed_truly_whatever_the_answers(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed that replays
    scripts = [*_INVALID.values(), *_MALFORMED.values(), *(script for script, _ in _UNUSUAL.values())]

    async def scenario() -> None:
        async with ScriptedSqs(*chance.choices([confirm, *scripts], k=40)) as sqs:
            queue = sqs.queue(_RESPONSE_SECONDS, 60)
            await crowd(queue, sqs, chance)
            assert await queue.send(messages("last")) == []
            assert sqs.copies["last 0"] == 1

    asyncio.run(with_no_error_left(scenario()))
