"""HTTP/1.1 to one origin: a pool of connections on the event loop, one request at a time on each.

h11 reads and writes the protocol; the pool and the time limits are ours. Only for what every record costs: a call of
SQS. docs/decisions/0008 says why.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import h11
from urllib3.util import wait_for_read

CONNECT_SECONDS_MAX = 1.0
RESPONSE_SECONDS_MAX = 3.0
"""From the request's first byte to the response's last."""
IDLE_SECONDS_MAX = 20.0
"""How long a connection is kept for the next request: a NAT or a load balancer on the path may drop it silently."""
RESPONSE_BYTES_MAX = 1024 * 1024
"""Everything that comes in answer to one request: interim responses, heads and framing included."""
_PORTS = {"http": 80, "https": 443}

_Read = TypeVar("_Read")


def has_unread_bytes(socket: Any) -> bool:  # noqa: ANN401 - a socket, plain or under TLS
    """Whether bytes, or the other side's end, wait in it."""
    return wait_for_read(socket, timeout=0)


class ResponseMalformed(Exception):
    """What came back is no complete HTTP response, or more than `RESPONSE_BYTES_MAX`."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    body: bytes


class ConnectionPool:
    """Connections are made as they are needed and kept; how many there are is the caller's choice of calls at once."""

    def __init__(
        self,
        origin: str,
        now: Callable[[], float],
        ca_bundle: str | None = None,
        response_seconds_max: float = RESPONSE_SECONDS_MAX,
        has_unread: Callable[[Any], bool] = has_unread_bytes,
    ) -> None:
        """`origin` is `https://host` or `http://host`, with a port or without; `ca_bundle` a file of certificates that
        are trusted instead of the system's. `now` is wall time in seconds, which goes on while Lambda keeps the process
        frozen; the event loop's clock may not.
        """
        parts = urlsplit(origin)
        self.origin = origin
        self.host = parts.netloc
        self._now = now
        self._address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        self._tls = ssl.create_default_context(cafile=ca_bundle) if parts.scheme == "https" else None
        self._response_seconds_max = response_seconds_max
        self._new_connection = partial(_Connection, has_unread)
        self._idle: list[tuple[_Connection, float]] = []  # with the time since when

    async def post(
        self, headers: Iterable[tuple[str, str]], body: bytes, read: Callable[[HttpResponse], _Read]
    ) -> _Read:
        """Sends one request to `/`, once, and returns what `read` makes of its response. `host` is among the headers;
        `content-length` is added.

        Raises `OSError` (`TimeoutError` is one), `ResponseMalformed` or what `read` raises. Then nobody knows whether
        the request was carried out, and its connection is closed: it may carry responses that belong to no request.
        """
        connection = self._take_idle() or await self._connect()
        try:
            async with asyncio.timeout(self._response_seconds_max):
                response = await connection.exchange(headers, body)
            result = read(response)
        except BaseException:
            # Every exception, cancellation too, and it is raised again: a connection with a request in flight must
            # never be reused. What broke this one may have broken the idle ones, so they are closed as well.
            connection.abort()
            self.close()
            raise
        if connection.start_next_cycle():
            self._idle.append((connection, self._now()))
        else:
            connection.abort()
        return result

    def close(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            self._idle.pop()[0].abort()

    def _take_idle(self) -> "_Connection | None":
        """The one that was used last, if it is still good."""
        while self._idle:
            connection, since = self._idle.pop()
            # A wall clock may be set back: then the age is unknown.
            if 0 <= self._now() - since < IDLE_SECONDS_MAX and connection.is_quiet():
                return connection
            connection.abort()
        return None

    async def _connect(self) -> "_Connection":
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            _, connection = await asyncio.get_running_loop().create_connection(
                self._new_connection, *self._address, ssl=self._tls
            )
        return connection


class _Connection(asyncio.Protocol):
    """Either idle, or with one request in flight. What arrives while it is idle belongs to no request, and ends it."""

    _transport: asyncio.Transport

    def __init__(self, has_unread: Callable[[Any], bool]) -> None:
        self._has_unread = has_unread
        self._http = h11.Connection(h11.CLIENT)
        self._response: asyncio.Future[HttpResponse] | None = None
        self._status = 0
        self._body = bytearray()
        self._bytes_left = 0

    async def exchange(self, headers: Iterable[tuple[str, str]], body: bytes) -> HttpResponse:
        """One request and its response. When this raises or is cancelled, the connection is to be aborted."""
        if self._transport.is_closing():
            raise ConnectionResetError("closed before it was used")
        request = h11.Request(method="POST", target="/", headers=[*headers, ("content-length", str(len(body)))])
        written = [self._http.send(event) for event in (request, h11.Data(data=body), h11.EndOfMessage())]
        self._response = asyncio.get_running_loop().create_future()
        self._body.clear()
        self._bytes_left = RESPONSE_BYTES_MAX
        self._transport.write(b"".join(written))
        return await self._response

    def start_next_cycle(self) -> bool:
        """Whether it may carry another request: both sides are done, and nothing is left over in either direction."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size():
            return False
        if self._http.trailing_data != (b"", False):
            return False
        try:
            self._http.start_next_cycle()
        except h11.LocalProtocolError:  # HTTP/1.0, or Connection: close
            return False
        return True

    def is_quiet(self) -> bool:
        """Whether nothing has happened to it since it became idle, nor waits in the socket: between invocations of a
        Lambda function the event loop stands still, and does not read what arrives.
        """
        if self._transport.is_closing():
            return False
        return not self._has_unread(self._transport.get_extra_info("socket"))

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # create_connection makes no other kind

    def data_received(self, data: bytes) -> None:
        self._bytes_left -= len(data)
        if self._response is None:
            self._transport.abort()
        elif self._bytes_left < 0:
            self._fail(ResponseMalformed(f"over {RESPONSE_BYTES_MAX:,} bytes"))
        else:
            self._http.receive_data(data)
            self._read()

    def eof_received(self) -> None:
        """The transport closes itself afterwards."""
        if self._response is not None:
            self._http.receive_data(b"")
            self._read()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionResetError("closed before the response was complete"))

    def _read(self) -> None:
        try:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Response):
                    self._status = event.status_code
                elif isinstance(event, h11.Data):
                    self._body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    self._finish(HttpResponse(self._status, bytes(self._body)))
                    return
                elif not isinstance(event, h11.InformationalResponse):
                    return  # there is not enough yet
        except h11.RemoteProtocolError as error:
            self._fail(ResponseMalformed(str(error)))

    def _finish(self, response: HttpResponse) -> None:
        if self._response is not None and not self._response.done():  # done: it was cancelled in this very moment
            self._response.set_result(response)
        self._response = None

    def _fail(self, error: Exception) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)
        self._response = None
        self._transport.abort()
