"""HTTP over real sockets: which responses are read, which connections are used again, and what ends them."""

import asyncio
import socket
import threading
from collections.abc import Iterable

import pytest

from api.outbound.http import IDLE_SECONDS_MAX, ConnectionPool, HttpResponse, ResponseMalformed
from tests.unit.api.outbound.http_server import GOOD, Run, Server, always_good, answering, post, run, with_server
from tests.unit.api.outbound.scripted_sqs import chunked

__all__ = ["run"]

_OTHER = GOOD.replace(b"ok", b"no")


def test_a_request_and_its_response(run: Run) -> None:
    server = answering(GOOD)
    response = run(with_server(server, post))
    assert response == HttpResponse(200, b"ok")
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert {b"x-name: value", b"content-length: 4"} < set(head.split(b"\r\n"))
    assert b"\r\nhost: 127.0.0.1:" in head
    assert body == b"body"


@pytest.mark.parametrize(
    ("answers", "connections"),
    [
        ((GOOD, GOOD), 1),
        ((GOOD,), 2),  # the server closes what it had kept open
        ((GOOD.replace(b"X-Some: thing", b"Connection: close"), b"never asked for"), 2),
        ((GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"), b"never asked for"), 2),
        ((GOOD + b"x", b"never asked for"), 2),
        ((GOOD + _OTHER, b"never asked for"), 2),
        ((GOOD.replace(b"200 OK", b"500 "), GOOD), 1),
        ((chunked(b"ok"), GOOD), 1),
    ],
)
def test_a_connection_is_used_again_while_it_lasts(run: Run, answers: tuple[bytes, ...], connections: int) -> None:
    server = answering(*answers)

    async def twice(pool: ConnectionPool) -> list[bytes]:
        first = await post(pool)
        if connections == 2:
            await server.ended.wait()
        return [first.body, (await post(pool)).body]

    assert run(with_server(server, twice)) == [b"ok", b"ok"]
    assert (server.connections, len(server.requests)) == (connections, 2)


@pytest.mark.parametrize("answer", [GOOD, chunked(b"ok", 1), b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD])
def test_a_response_is_read_in_whatever_pieces_it_comes(run: Run, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for cut in range(1, len(answer)):
            await server.request(reader)
            writer.write(answer[:cut])
            for _ in range(5):
                await asyncio.sleep(0)
            writer.write(answer[cut:])

    async def use(pool: ConnectionPool) -> None:
        for _ in range(1, len(answer)):
            assert await post(pool) == HttpResponse(200, b"ok")

    server = Server(serve)
    run(with_server(server, use))
    assert server.connections == 1


@pytest.mark.parametrize("end", ["closed", "reset"])
@pytest.mark.parametrize("answer", [GOOD, chunked(b"ok", 1)])
def test_a_connection_may_end_at_any_byte(run: Run, answer: bytes, end: str) -> None:
    """The call fails at once, and the next one does not."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        if server.connections % 2:
            writer.write(answer[: server.connections // 2])
            await writer.drain()
            if end == "reset":
                writer.transport.abort()
        else:
            writer.write(GOOD)

    async def use(pool: ConnectionPool) -> None:
        for _ in range(len(answer)):
            with pytest.raises((ConnectionError, ResponseMalformed)):
                await post(pool)
            server.ended.clear()
            assert (await post(pool)).body == b"ok"
            await server.ended.wait()

    server = Server(serve)
    run(with_server(server, use))


def test_what_the_caller_rejects_ends_its_connection(run: Run) -> None:
    server = Server(always_good)

    def reject(_response: HttpResponse) -> None:
        raise KeyError

    async def use(pool: ConnectionPool) -> None:
        with pytest.raises(KeyError):
            await pool.post([("host", pool.host)], b"", reject)
        await server.ended.wait()
        assert (await post(pool)).body == b"ok"

    run(with_server(server, use))
    assert server.connections == 2


@pytest.mark.parametrize("headers", [[("host", "a"), ("x", "a\r\nb: c")], []])
def test_a_request_that_may_not_be_sent_is_not(run: Run, headers: Iterable[tuple[str, str]]) -> None:
    server = Server(always_good)

    async def use(pool: ConnectionPool) -> None:
        with pytest.raises(Exception, match=r"[Hh]eader"):
            await pool.post(headers, b"", lambda response: response)
        assert (await post(pool)).body == b"ok"

    run(with_server(server, use))


@pytest.mark.parametrize(
    ("seconds", "connections"),
    [(IDLE_SECONDS_MAX - 1, 1), (IDLE_SECONDS_MAX, 2), (3600, 2), (-1, 2)],
)
def test_an_idle_connection_is_kept_for_a_while_by_wall_time(run: Run, seconds: float, connections: int) -> None:
    """A clock that was set back says nothing about age."""
    server = Server(always_good)

    async def use(pool: ConnectionPool) -> None:
        await post(pool)
        server.clock += seconds
        await post(pool)

    run(with_server(server, use))
    assert server.connections == connections


@pytest.mark.parametrize("surplus", [_OTHER, None])
def test_what_happened_while_the_event_loop_stood_still_ends_an_idle_connection(
    run: Run, surplus: bytes | None
) -> None:
    """As on Lambda, where the loop runs only during invocations: bytes or an end that nobody has read yet."""
    responded, happened = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        received = b""
        while not received.endswith(b"body"):
            received += connection.recv(65_536)
        connection.sendall(GOOD)

    def serve() -> None:
        with listening.accept()[0] as first:
            answer(first)
            responded.wait(30)
            if surplus:
                first.sendall(surplus)
            else:
                first.shutdown(socket.SHUT_RDWR)
            happened.set()
            with listening.accept()[0] as second:
                answer(second)

    async def use() -> list[bytes]:
        pool = ConnectionPool(f"http://127.0.0.1:{listening.getsockname()[1]}", lambda: 0.0)
        first = await post(pool)
        responded.set()
        happened.wait(30)  # the loop stands still
        second = await post(pool)
        pool.close()
        await asyncio.sleep(0)
        return [first.body, second.body]

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        thread = threading.Thread(target=serve)
        thread.start()
        bodies = run(use())
        thread.join()
    assert bodies == [b"ok", b"ok"]


def test_a_late_response_is_not_taken_for_the_next_requests(run: Run) -> None:
    late = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        if server.connections == 1:
            await late.wait()
            writer.write(_OTHER)
        else:
            writer.write(GOOD)
        await reader.read()

    async def use(pool: ConnectionPool) -> bytes:
        with pytest.raises(TimeoutError):
            await post(pool)
        late.set()
        return (await post(pool)).body

    server = Server(serve)
    assert run(with_server(server, use, response_seconds_max=0.3)) == b"ok"


def test_after_a_failure_no_idle_connection_is_trusted(run: Run) -> None:
    """What lies between may have forgotten all of them: the next request makes a new one at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.request(reader)
            if silent.is_set() and server.connections <= 3:
                continue
            writer.write(GOOD)

    async def use(pool: ConnectionPool) -> bytes:
        await asyncio.gather(*(post(pool) for _ in range(3)))
        silent.set()
        with pytest.raises(TimeoutError):
            await post(pool)
        return (await post(pool)).body

    silent = asyncio.Event()
    server = Server(serve)
    assert run(with_server(server, use, response_seconds_max=0.3)) == b"ok"


def test_a_request_may_be_cancelled_at_any_moment(run: Run) -> None:
    """While it connects, writes, waits or reads: the next one gets its own response, and no connection is left over."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.request(reader)
            body = server.requests[-1].partition(b"\r\n\r\n")[2]
            await asyncio.sleep(0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            await asyncio.sleep(0)
            writer.write(body)

    async def echo(pool: ConnectionPool, body: bytes) -> bytes:
        return await pool.post([("host", pool.host)], body, lambda response: response.body)

    async def use(pool: ConnectionPool) -> int:
        finished = 0
        for moment in range(120):
            if moment % 2:
                pool.close()  # so that it has to connect
            task = asyncio.create_task(echo(pool, b"cancelled %d" % moment))
            for _ in range(moment // 2):
                await asyncio.sleep(0)
            finished += task.done()
            task.cancel()
            await asyncio.wait([task])
            assert await echo(pool, b"next %d" % moment) == b"next %d" % moment
        return finished

    server = Server(serve)
    assert 0 < run(with_server(server, use)) < 110


def test_a_response_to_a_request_that_is_not_sent_completely_is_the_last_one(run: Run) -> None:
    """A server may refuse a large request early; the rest of it must not be taken for the next request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(GOOD)
        await answered.wait()
        await reader.read()

    async def use(pool: ConnectionPool) -> None:
        assert await pool.post([("host", pool.host)], b"x" * 50_000_000, lambda response: response.status) == 200
        answered.set()
        await server.ended.wait()

    answered = asyncio.Event()
    server = Server(serve)
    run(with_server(server, use))


def test_nobody_at_home_is_an_error(run: Run) -> None:
    async def nobody() -> None:
        with pytest.raises(ConnectionRefusedError):
            await post(ConnectionPool("http://127.0.0.1:1", lambda: 0.0))

    run(nobody())
