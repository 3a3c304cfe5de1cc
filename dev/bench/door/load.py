"""A load of one kind of request over so many connections, each sending the next when the last was answered."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial


@dataclass(slots=True)
class Load:
    """What came back: `accepted` counts the 202s; `latencies` are in seconds, unsorted."""

    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _LoadConnection(asyncio.Protocol):
    def __init__(self, load: Load, request: bytes, ends: float, interval: float, begins: float) -> None:
        self._load, self._request, self._ends, self._interval = load, request, ends, interval
        self._begins = begins
        self._buffer = b""
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        asyncio.get_running_loop().call_later(self._begins, self._send)

    def _send(self) -> None:
        self._began = time.perf_counter()
        if self._began >= self._ends:
            self._transport.close()
        else:
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]):
            return
        self._buffer = b""
        if head.startswith(b"HTTP/1.1 202"):
            self._load.accepted += 1
        else:
            self._load.refused += 1
        now = time.perf_counter()
        self._load.latencies.append(now - self._began)
        wait = self._began + self._interval - now
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


def request_of(body: bytes, port: int) -> bytes:
    head = f"POST /records HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def run(port: int, body: bytes, connections: int, seconds: float, per_second: float | None = None) -> Load:
    """As fast as the server answers, or so many requests a second."""
    load = Load()
    began = time.perf_counter()
    interval = connections / per_second if per_second else 0.0
    made = []
    for number in range(connections):
        # Spread over the interval: a rate is not a burst of all connections at once.
        connect = partial(
            _LoadConnection, load, request_of(body, port), began + seconds, interval, interval * number / connections
        )
        _, connection = await asyncio.get_running_loop().create_connection(connect, "127.0.0.1", port)
        made.append(connection)
    await asyncio.gather(*(connection.closed for connection in made))
    load.seconds = time.perf_counter() - began
    return load
