"""An SQS on loopback that answers each request as a script says, byte for byte, and keeps account of what it did."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeAlias

from api.outbound.group_commit import QueueSender
from api.outbound.http import ConnectionPool
from api.outbound.sqs import BatchSender
from tests.unit.api.doubles import budget, credentials_of


class Exchange:
    """One request that is to be answered. What `confirmation` says is true from then on."""

    def __init__(self, sqs: "ScriptedSqs", request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        self.head = head
        self.entries: list[dict[str, Any]] = json.loads(body)["Entries"]
        self.writer = writer
        self._sqs = sqs

    @property
    def ids(self) -> list[str]:
        return [entry["Id"] for entry in self.entries]

    def confirmation(self) -> bytes:
        self._sqs.confirmed |= {entry["MessageBody"] for entry in self.entries}
        return json.dumps({"Successful": [{"Id": entry_id, "MessageId": "m"} for entry_id in self.ids]}).encode()


Script: TypeAlias = Callable[[Exchange], Awaitable[None]]


def response(body: bytes, head: str = "HTTP/1.1 200 OK") -> bytes:
    return f"{head}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def chunked(body: bytes, size: int = 7) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


async def confirm(exchange: Exchange) -> None:
    exchange.writer.write(response(exchange.confirmation()))


def write(answer: Callable[[Exchange], bytes], *, close: bool = False) -> Script:
    """Answers with these bytes, and closes the connection then if it is to."""

    async def script(exchange: Exchange) -> None:
        exchange.writer.write(answer(exchange))
        if close:
            exchange.writer.close()

    return script


class ScriptedSqs:
    """Each request is answered by the next of the scripts, and confirmed once they are used up."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.connections = 0
        self.requests: list[list[str]] = []
        """The messages' bodies of each."""
        self.confirmed: set[str] = set()
        """The bodies of the messages that an answer has truly confirmed."""
        self.connection_ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._serving: set[asyncio.Task[Any]] = set()
        self._pools: list[ConnectionPool] = []
        return self

    async def __aexit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.close()
        self._server.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)
        await asyncio.sleep(0)  # the transports close in the loop's next turn

    def queue(self, response_seconds_max: float, seconds_max: float = 30) -> QueueSender:
        """The API's own sender to here."""
        url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        pool = ConnectionPool(url, time.time, response_seconds_max=response_seconds_max)
        self._pools.append(pool)
        credentials = credentials_of({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
        return QueueSender(BatchSender(pool, "us-east-1", credentials), "queue-url", budget(), seconds_max)

    @property
    def copies(self) -> Counter[str]:
        """How often each message was sent here."""
        return Counter(body for request in self.requests for body in request)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                exchange = Exchange(self, await read_request(reader), writer)
                self.requests.append([entry["MessageBody"] for entry in exchange.entries])
                await (self._scripts.pop(0) if self._scripts else confirm)(exchange)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._serving.discard(task)
            self.connection_ended.set()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def result(content: object) -> Script:
    """A 200 with this result."""
    return write(lambda _: response(json.dumps(content).encode()))


def result_of(make: Callable[[list[str]], object]) -> Script:
    """A 200 with a result that is made of the ids that were sent."""
    return write(lambda exchange: response(json.dumps(make(exchange.ids)).encode()))


def entry(entry_id: object) -> dict[str, object]:
    return {"Id": entry_id, "Code": "InternalError", "SenderFault": False}
