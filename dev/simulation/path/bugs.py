"""Bugs that are planted on purpose: each breaks a promise, and the worlds have to find it.

`with planted(name, world): world.run()`
"""

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any
from unittest.mock import patch

import h11
from starlette.requests import ClientDisconnect

import api.outbound.http
from api.ingest.endpoint import AcceptRecords
from api.memory_budget import Share
from api.outbound.group_commit import QueueSender
from api.outbound.http import ConnectionPool
from api.problems import RecordsNotAccepted
from consumer.drain import Drain
from dev.simulation.path.process import ApiProcess
from dev.simulation.path.world import PathWorld
from ops.dead_letter import DeadLetter
from ops.message_attribute import MessageAttribute
from records.dead_letter import DeadLetterMessage
from records.errors import Violation
from records.message import Message
from records.version import Versions

Bug = Callable[[PathWorld], Any]
"""A context in which the code is broken."""


def answers_early(_world: PathWorld) -> Any:  # noqa: ANN401 - a context of any kind, here and below
    real = QueueSender.deliver

    async def deliver(self: QueueSender, messages: Any) -> list[Any]:  # noqa: ANN401 - as the real one
        self.background = asyncio.get_running_loop().create_task(real(self, messages))  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        return []

    return patch.object(QueueSender, "deliver", deliver)


def confirms_by_position(_world: PathWorld) -> Any:  # noqa: ANN401 - as above
    async def call(self: QueueSender, batch: list[Any]) -> set[int]:
        entries = [
            {
                "Id": str(index),
                "MessageBody": each.body,
                "MessageAttributes": {
                    name: {"DataType": "String", "StringValue": text} for name, text in each.attributes.items()
                },
            }
            for index, each in enumerate(batch)
        ]
        result = await self._sender.send_message_batch(self._url, entries)  # type: ignore[arg-type]
        return set(range(len(result["Successful"])))

    return patch.object(QueueSender, "_call", call)


class _Reused(api.outbound.http._Connection):  # noqa: SLF001 - as above
    """Keeps what arrives when nobody waits for it, and reads it as the next answer."""

    left_over = b""

    def data_received(self, data: bytes) -> None:
        if self._response is None:
            self.left_over += data
        else:
            super().data_received(data)

    async def exchange(self, headers: Any, body: bytes) -> Any:  # noqa: ANN401 - as the real one
        self._http = h11.Connection(h11.CLIENT)
        asyncio.get_running_loop().call_soon(self._read_left_over)
        return await super().exchange(headers, body)

    def _read_left_over(self) -> None:
        data, self.left_over = self.left_over, b""
        if data and self._response:
            super().data_received(data)


@contextmanager
def reuses_connections(_world: PathWorld) -> Iterator[None]:
    """And numbers the entries of each call from 0, as most programs do."""

    async def post(self: Any, headers: Any, body: bytes, read: Any) -> Any:  # noqa: ANN401 - as the real one
        connection = self._idle.pop()[0] if self._idle else await self._connect()
        if connection._transport.is_closing():  # noqa: SLF001 - as above
            connection = await self._connect()
        try:
            async with asyncio.timeout(self._response_seconds_max):
                response = await connection.exchange(headers, body)
            return read(response)
        finally:
            connection._response = None  # noqa: SLF001 - as above
            self._idle.append((connection, self._now()))

    init = QueueSender.__init__

    def numbered(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as the real one
        init(self, *arguments, **named)
        self._call_numbers = repeat(0)

    with (
        patch.object(api.outbound.http, "_Connection", _Reused),
        patch.object(ConnectionPool, "post", post),
        patch.object(QueueSender, "__init__", numbered),
    ):
        yield


def forgets_flush(world: PathWorld) -> Any:  # noqa: ANN401 - as above
    """At SIGTERM those who wait are told that all is well, and what is still to be sent is not."""
    terminate = ApiProcess.terminate

    def hurried(self: ApiProcess) -> None:
        queue = world.api.components(self).accept_records.dependencies.queue
        for request in list(queue._requests):  # noqa: SLF001 - as above
            request.unconfirmed.clear()
            request.end()
        terminate(self)

    return patch.object(ApiProcess, "terminate", hurried)


def takes_version_early(world: PathWorld) -> Any:  # noqa: ANN401 - as above
    """When the request begins, instead of when its body is there."""
    real = AcceptRecords.__call__

    async def call(self: AcceptRecords, request: Any) -> Any:  # noqa: ANN401 - as the real one
        began = world.buffer.clock.now_ms()
        versions = Versions(lambda: began, world.buffer.random.getrandbits)
        return await real(AcceptRecords(dataclasses.replace(self.dependencies, versions=versions)), request)

    return patch.object(AcceptRecords, "__call__", call)


def shares_versions(_world: PathWorld) -> Any:  # noqa: ANN401 - as above
    init = Versions.__init__
    return patch.object(Versions, "__init__", lambda self, now_ms, _random_bits: init(self, now_ms, lambda _: 1))


def accepts_and_dead_letters(_world: PathWorld) -> Any:  # noqa: ANN401 - as above
    """What the queue did not confirm goes to the dead-letter queue."""
    real = AcceptRecords._accept_each  # noqa: SLF001 - as above

    async def accept(self: AcceptRecords, each_parsed: Any) -> Any:  # noqa: ANN401 - as the real one
        try:
            return await real(self, each_parsed)
        except RecordsNotAccepted:
            why = Violation("", "unconfirmed", "the queue did not confirm it")
            messages = [each for each in each_parsed.records if isinstance(each, Message)]
            letters = [DeadLetterMessage.of(each.body.encode(), each.version, why, "-", 0) for each in messages]
            await self.dependencies.dead_letter_queue.deliver([letter for letter in letters if letter])
            raise

    return patch.object(AcceptRecords, "_accept_each", accept)


def defers_and_renews(_world: PathWorld) -> Any:  # noqa: ANN401 - as above
    real = Drain._defer  # noqa: SLF001 - as above

    def defer(self: Drain, each: Any, seconds: int) -> None:  # noqa: ANN401 - as the real one
        real(self, each, seconds)
        if each.receives > 2:  # noqa: PLR2004 - now and then
            self._dependencies.queue.renew(each.newest, 60)

    return patch.object(Drain, "_defer", defer)


def keeps_memory(_world: PathWorld) -> Any:  # noqa: ANN401 - as above
    """Of a request whose client went away."""
    real = Share.__exit__

    def leave(self: Share, *error: Any) -> None:  # noqa: ANN401 - as the real one
        if error[0] is not ClientDisconnect:
            real(self, *error)

    return patch.object(Share, "__exit__", leave)


def sends_back_as_new(world: PathWorld) -> Any:  # noqa: ANN401 - as above
    versions = Versions(world.buffer.clock.now_ms, world.buffer.random.getrandbits)
    return patch.object(DeadLetter, "version", property(lambda _: MessageAttribute("String", versions.next())))


BUGS: dict[str, Bug] = {
    "answers before SQS has confirmed": answers_early,
    "confirms by position": confirms_by_position,
    "reuses a connection with bytes left over": reuses_connections,
    "forgets to flush at SIGTERM": forgets_flush,
    "takes the version before the body is there": takes_version_early,
    "makes the same versions in two processes": shares_versions,
    "accepts a lenient record and dead-letters it": accepts_and_dead_letters,
    "defers a message and re-enqueues it": defers_and_renews,
    "keeps the memory of who went away": keeps_memory,
    "sends dead letters back under a new version": sends_back_as_new,
}


@contextmanager
def planted(name: str | None, world: PathWorld) -> Iterator[None]:
    """Without a name, nothing is broken."""
    if name is None:
        yield
    else:
        with BUGS[name](world):
            yield
