"""Who waits for whom on a connection, under a real uvicorn with a short limit."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.client_time_limit import TimeLimitedH11
from api.time_limit import TimeLimit
from dev.local.stack import api_arguments
from dev.paths import ROOT
from tests.harness.waiting import eventually
from tests.unit.api.uvicorn_server import connected, exchange, received, serving

_SECONDS = 0.4
_LARGE = 32 * 1024 * 1024
_END = b"the end"
_GET = b"GET / HTTP/1.1\r\nhost: api\r\n"
_LAST_CHUNK = b"7\r\n" + _END + b"\r\n0\r\n\r\n"


class Impatient(TimeLimitedH11):
    limit = TimeLimit(_SECONDS)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * _SECONDS)
    elif scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"].startswith("/large"):
        await send({"type": "http.response.body", "body": b"x" * _LARGE, "more_body": True})
    if scope["path"] == "/large-and-slow":
        await asyncio.sleep(3 * _SECONDS)
    await send({"type": "http.response.body", "body": _END})


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    with serving(app, Impatient) as running:
        yield running


def open_connections(server: uvicorn.Server) -> int:
    return len(server.server_state.connections)


def trickle(client: socket.socket, part: bytes) -> None:
    """Sends it every now and then, until the server closes the connection. What that answers is left unread."""
    deadline = time.monotonic() + 10 * _SECONDS
    with suppress(ConnectionError):
        while time.monotonic() < deadline:
            time.sleep(_SECONDS / 10)
            client.sendall(part)


@pytest.mark.parametrize(
    ("sent", "more"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nx: ", b"x"),
        (_GET + b"\r\n", b"G"),
        (_GET + b"content-length: 9999999\r\n\r\n", b"x"),
        (_GET + b"content-length: 99999999999\r\n\r\n", b"x" * 65_536),
        (b"GET /large HTTP/1.1\r\nhost: api\r\n\r\n", b""),
        (b"GET /large HTTP/1.1\r\nhost: api\r\n\r\n", b"GET /"),
        (b"GET /large HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n", b""),
    ],
    ids=[
        "says nothing",
        "header byte by byte",
        "next header byte by byte",
        "rest of an answered body, byte by byte",
        "rest of an answered body, in large parts",
        "does not read",
        "does not read, but sends",
        "does not read the last answer",
    ],
)
def test_a_client_that_keeps_the_server_waiting_is_closed_when_the_time_is_up(
    server: uvicorn.Server, sent: bytes, more: bytes
) -> None:
    with connected(server) as client:
        began = time.monotonic()
        client.sendall(sent)
        eventually(lambda: open_connections(server) == 1, 5)
        if more:
            trickle(client, more)
        eventually(lambda: open_connections(server) == 0, 5)
        assert _SECONDS - 0.05 < time.monotonic() - began < 10 * _SECONDS


def test_an_answer_that_came_before_the_body_is_complete_can_still_be_read(server: uvicorn.Server) -> None:
    assert exchange(server, _GET + b"content-length: 1000\r\n\r\n{").endswith(_LAST_CHUNK)


def _read_slowly(client: socket.socket, sent: bytes) -> None:
    client.sendall(sent)
    for _ in range(40):
        time.sleep(_SECONDS / 10)
        client.recv(_LARGE // 50, socket.MSG_WAITALL)


def _send_slowly(client: socket.socket, head: bytes) -> None:
    client.sendall(head + b"content-length: 20\r\n\r\n")
    for _ in range(20):
        client.sendall(b"x")
        time.sleep(_SECONDS / 10)


def _keep_alive(client: socket.socket) -> None:
    for _ in range(4):
        client.sendall(_GET + b"\r\n")
        time.sleep(_SECONDS / 2)
    client.sendall(_GET + b"connection: close\r\n\r\n")


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.sendall(b"GET /slow HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n"),
        lambda client: client.sendall(b"GET /large-and-slow HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n"),
        lambda client: _read_slowly(client, b"GET /large HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n"),
        lambda client: _send_slowly(client, b"POST /read HTTP/1.1\r\nhost: api\r\nconnection: close\r\n"),
        _keep_alive,
    ],
    ids=[
        "the app takes its time",
        "the app takes its time after much was read",
        "reads slowly",
        "sends a body slowly",
        "several requests",
    ],
)
def test_a_client_that_keeps_nobody_waiting_is_answered_however_long_it_takes(
    server: uvicorn.Server, use: Callable[[socket.socket], None]
) -> None:
    with connected(server) as client:
        use(client)
        assert received(client).endswith(_LAST_CHUNK)


def test_the_local_server_has_the_limit_that_the_docs_state() -> None:
    arguments = api_arguments(8000, reload=False)
    assert arguments[arguments.index("--http") + 1] == "api.client_time_limit:TimeLimitedH11"
    page = (ROOT / "docs" / "security.md").read_text()
    assert re.search(rf"\b{TimeLimitedH11.limit.seconds:.0f} s\b", page)
