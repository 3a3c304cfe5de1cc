"""A scripted HTTP server on loopback, and event loops to talk to it."""

import asyncio
import gc
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import pytest

from api.outbound.http import ConnectionPool, HttpResponse
from tests.unit.api.outbound.scripted_sqs import read_request

_Given = TypeVar("_Given")


GOOD = b"HTTP/1.1 200 OK\r\nX-Some: thing\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Gives every connection to `serve`, and counts them."""

    def __init__(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._serve = serve
        self.connections = 0
        self.requests: list[bytes] = []
        self.open: set[asyncio.Task[Any]] = set()
        self.ended = asyncio.Event()
        self.clock = 1_000_000.0

    async def request(self, reader: asyncio.StreamReader) -> None:
        self.requests.append(await read_request(reader))

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.open.add(task)
        self.connections += 1
        try:
            # The client may have gone, or the test.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            writer.close()
            self.open.discard(task)
            self.ended.set()


class Run(Protocol):
    def __call__(self, coro: Coroutine[Any, Any, _Given], /) -> _Given: ...


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """On the event loop of Lambda, and on the one that uvicorn takes."""
    loop_factory = pytest.importorskip(request.param).new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        yield runner.run


async def with_server(
    server: Server,
    use: Callable[[ConnectionPool], Awaitable[_Given]],
    response_seconds_max: float = 20,
    tls: tuple[ssl.SSLContext, str | None] | None = None,
) -> _Given:
    """Fails on what asyncio would log, and on connections that outlive the pool."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=tls and tls[0])
    origin = "{}://127.0.0.1:{}".format("https" if tls else "http", listening.sockets[0].getsockname()[1])
    pool = ConnectionPool(origin, lambda: server.clock, tls and tls[1], response_seconds_max)
    async with listening:
        try:
            return await asyncio.wait_for(use(pool), timeout=60)
        finally:
            pool.close()
            while server.open:  # noqa: ASYNC110 - each ends when the client has closed its connection
                await asyncio.sleep(0.001)
            gc.collect()
            await asyncio.sleep(0)
            assert errors == []


def answering(*answers: bytes) -> Server:
    """Each connection gets these answers to its requests, and is closed after the last."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await server.request(reader)
            writer.write(answer)
            await writer.drain()

    server = Server(serve)
    return server


async def always_good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        writer.write(GOOD)


async def post(pool: ConnectionPool) -> HttpResponse:
    return await pool.post([("host", pool.host), ("x-name", "value")], b"body", lambda response: response)
