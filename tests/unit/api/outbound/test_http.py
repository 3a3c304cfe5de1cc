"""Plain HTTP over real sockets: what is answered, what is refused, and which connections are used again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from api.outbound.http import Answer, AnswerMalformed, Wire

_Given = TypeVar("_Given")
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_GOOD = b"HTTP/1.1 200 OK\r\nX-Some: thing\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Gives every connection to `serve`, and counts them."""

    def __init__(self, serve: Callable[[Connection], Awaitable[None]]) -> None:
        self._serve = serve
        self.connections = 0
        self.requests: list[bytes] = []

    async def request(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        self.requests.append(head + await reader.readexactly(length))

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionResetError, asyncio.IncompleteReadError):  # the client has gone
                await self._serve((reader, writer))
        finally:
            writer.close()


async def with_server(server: Server, use: Callable[[Wire], Awaitable[_Given]]) -> _Given:
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    wire = Wire(f"http://127.0.0.1:{port}", answer_seconds_max=0.3)
    async with listening:
        try:
            return await asyncio.wait_for(use(wire), timeout=20)
        finally:
            wire.close()
            await asyncio.sleep(0.01)


def answering(*answers: bytes) -> Server:
    """Each connection is given these answers to its requests, and is closed after the last."""

    async def serve(connection: Connection) -> None:
        reader, writer = connection
        for answer in answers:
            await server.request(reader)
            writer.write(answer)
            await writer.drain()

    server = Server(serve)
    return server


async def post(wire: Wire) -> Answer:
    return await wire.post({"host": wire.host, "x-name": "value"}, b"body")


def test_a_request_and_its_answer() -> None:
    server = answering(_GOOD)
    answer = asyncio.run(with_server(server, post))
    assert (answer.status, answer.body) == (200, b"ok")
    (request,) = server.requests
    assert request.startswith(b"POST / HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nx-name: value\r\ncontent-length: 4\r\n\r\nbody" in request


async def twice(wire: Wire) -> list[int]:
    first = await post(wire)
    await asyncio.sleep(0.05)  # so that what the other side does to the connection is seen
    return [first.status, (await post(wire)).status]


@pytest.mark.parametrize(
    ("answers", "connections"),
    [
        ((_GOOD, _GOOD), 1),
        ((_GOOD,), 2),  # the server closes what it had kept open
        ((_GOOD.replace(b"X-Some: thing", b"Connection: close"), b"never asked for"), 2),
        ((_GOOD.replace(b"200 OK", b"500 "), _GOOD), 1),
    ],
)
def test_a_connection_is_used_again_while_it_lasts(answers: tuple[bytes, ...], connections: int) -> None:
    server = answering(*answers)
    statuses = asyncio.run(with_server(server, twice))
    assert statuses[1] in {200, 500}
    assert (server.connections, len(server.requests)) == (connections, 2)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", EOFError),
        (_GOOD[:-1], EOFError),
        (_GOOD[:20], EOFError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", AnswerMalformed),
        (_GOOD.replace(b"X-Some: thing", b"Transfer-Encoding: chunked"), AnswerMalformed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", AnswerMalformed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", AnswerMalformed),
        (b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok", AnswerMalformed),
        (b"SSH-2.0-OpenSSH\r\n\r\n", AnswerMalformed),
        (b"x" * 100_000, AnswerMalformed),
    ],
)
def test_what_is_no_answer_is_said(answer: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(with_server(answering(answer), post))


def test_a_late_answer_is_not_taken_for_the_next_requests() -> None:
    async def serve(connection: Connection) -> None:
        reader, writer = connection
        await server.request(reader)
        if server.connections == 1:
            await asyncio.sleep(0.5)
            writer.write(_GOOD.replace(b"200", b"500"))
        else:
            writer.write(_GOOD)
        await asyncio.sleep(0.5)

    async def use(wire: Wire) -> int:
        with pytest.raises(TimeoutError):
            await post(wire)
        await asyncio.sleep(0.5)
        return (await post(wire)).status

    server = Server(serve)
    assert asyncio.run(with_server(server, use)) == 200


def test_after_a_failure_no_kept_connection_is_trusted() -> None:
    """What lies between may have forgotten all of them: the next request makes a new one at once."""

    async def serve(connection: Connection) -> None:
        reader, writer = connection
        while True:
            await server.request(reader)
            if server.silent and server.connections <= 3:
                continue
            writer.write(_GOOD)

    async def use(wire: Wire) -> int:
        await asyncio.gather(*(post(wire) for _ in range(3)))
        server.silent = True
        with pytest.raises(TimeoutError):
            await post(wire)
        return (await post(wire)).status

    class Silent(Server):
        silent = False

    server = Silent(serve)
    assert asyncio.run(with_server(server, use)) == 200


def test_nobody_at_home_is_said() -> None:
    async def nobody() -> None:
        with pytest.raises(OSError, match="Connect call failed"):
            await post(Wire("http://127.0.0.1:1"))

    asyncio.run(nobody())
