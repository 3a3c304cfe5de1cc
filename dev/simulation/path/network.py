"""SQS as the API meets it: connections of HTTP, and SendMessageBatch at their other end, with all that may go wrong."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from dev.simulation.clock import VirtualClock
from dev.simulation.message import message_bytes
from dev.simulation.path.event_loop import SimulatedLoop
from dev.simulation.path.faults import PathChance
from dev.simulation.queue import SimulatedQueue
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX

_FOREVER = 3600.0
_LATE_SECONDS = 4.0
"""More than the API waits for an answer."""
_ERRORS = [(500, "InternalFailure"), (503, "ServiceUnavailable"), (400, "RequestThrottled"), (403, "ExpiredToken")]
_LEFT_OVER = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"


class SimulatedTransport(asyncio.Transport):
    """The API's end of a connection. What arrives waits until its loop turns: a frozen process reads nothing."""

    def __init__(self, loop: SimulatedLoop, protocol: asyncio.Protocol, send: Callable[[bytes], None]) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._send = send
        self._inbox: deque[bytes] = deque()
        self._closing = False
        self.is_waiting = False
        """For an answer."""

    def write(self, data: Any) -> None:  # noqa: ANN401 - as asyncio has it
        if not self._closing:
            self.is_waiting = True
            self._send(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as above
        return self if name == "socket" else default

    def has_unread_bytes(self) -> bool:
        return bool(self._inbox)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            self._inbox.clear()
            if not self._loop.is_closed():
                self._loop.call_soon(self._protocol.connection_lost, None)

    def deliver(self, data: bytes) -> None:
        """From the other end; empty when that closes."""
        if not self._closing:
            self.is_waiting = False
            self._inbox.append(data)
            self._loop.arrive(self._read)

    def _read(self) -> None:
        while self._inbox and not self._closing:
            if data := self._inbox.popleft():
                self._protocol.data_received(data)
            else:
                self._protocol.eof_received()
                self.abort()


class SqsEndpoint:
    """One for all processes. `queues` by the URLs that the calls name."""

    def __init__(self, clock: VirtualClock, chance: PathChance, queues: Mapping[str, SimulatedQueue]) -> None:
        self._clock = clock
        self._chance = chance
        self._queues = queues
        self._busy: defaultdict[SimulatedLoop, dict[SimulatedTransport, None]] = defaultdict(dict)
        self.calls_max = 0
        """The most calls of one process that were in flight at once, those that it had given up left out."""

    async def connect(self, loop: SimulatedLoop, protocol_factory: Callable[[], asyncio.Protocol]) -> Any:  # noqa: ANN401 - as asyncio has it
        await asyncio.sleep(self._chance.latency())
        if self._chance.happens("connect_fails"):
            if self._chance.random.random() < 0.5:  # noqa: PLR2004 - half of them
                await asyncio.sleep(_FOREVER)
            raise ConnectionRefusedError
        protocol = protocol_factory()

        def send(request: bytes) -> None:
            self._count(self._busy[loop], transport)
            self._clock.start(lambda: self._serve(request, transport), after=self._chance.latency())

        transport = SimulatedTransport(loop, protocol, send)
        protocol.connection_made(transport)
        return transport, protocol

    def _count(self, busy: "dict[SimulatedTransport, None]", transport: SimulatedTransport) -> None:
        for other in [each for each in busy if each.is_closing() or not each.is_waiting]:
            del busy[other]
        busy[transport] = None
        self.calls_max = max(self.calls_max, len(busy))

    def _serve(self, request: bytes, transport: SimulatedTransport) -> None:
        chance = self._chance
        if chance.happens("request_lost"):
            return
        self._clock.sleep(chance.latency())
        status, answer = self._carry_out(request)
        if chance.happens("answer_lost"):
            return
        late = _LATE_SECONDS * (1 + chance.random.random()) if chance.happens("answer_late") else 0.0
        self._clock.sleep(chance.latency() + late)
        text = json.dumps(answer).encode()
        response = b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n%s" % (status, len(text), text)
        if chance.happens("bytes_left_over"):
            response += _LEFT_OVER
        if chance.happens("connection_closed"):
            response = response[: chance.random.randrange(2 * len(response))]  # half of them are whole
            transport.deliver(response)
            self._clock.sleep(chance.random.choice([0.0, 10 * chance.random.random()]))
            transport.deliver(b"")
        else:
            transport.deliver(response)

    def _carry_out(self, request: bytes) -> tuple[int, dict[str, Any]]:
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head.lower(), "not one request at a time"
        call = json.loads(body)
        entries: list[dict[str, Any]] = call["Entries"]
        assert 1 <= len(entries) <= SEND_BATCH_ENTRIES_MAX, "SQS would refuse the batch for its number of entries"
        assert len({entry["Id"] for entry in entries}) == len(entries), "SQS would refuse the batch for its ids"
        assert sum(_size(entry) for entry in entries) <= SEND_BATCH_BYTES_MAX, "SQS would refuse the batch for its size"
        chance, queue = self._chance, self._queues[call["QueueUrl"]]
        is_down = chance.holds("sqs_down", self._clock.now)
        if is_down or chance.happens("call_fails"):
            if not is_down and chance.random.random() < 0.5:  # noqa: PLR2004 - half of them
                self._carry_out_each(queue, entries)
            status, code = chance.random.choice(_ERRORS)
            return status, {"__type": f"com.amazonaws.sqs#{code}", "message": code}
        return 200, self._carry_out_each(queue, entries)

    def _carry_out_each(self, queue: SimulatedQueue, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """The result names the entries in any order."""
        chance = self._chance
        successful: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry in entries:
            fails = chance.happens("entry_fails")
            if not fails or chance.random.random() < 0.5:  # noqa: PLR2004 - half of them
                queue.send(entry["MessageBody"], _attributes(entry))
            if fails:
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            elif not chance.happens("entry_unmentioned"):
                successful.append({"Id": entry["Id"]})
        chance.random.shuffle(successful)
        return {"Successful": successful, "Failed": failed}


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in entry["MessageAttributes"].items()}


def _size(entry: dict[str, Any]) -> int:
    return message_bytes(entry["MessageBody"], _attributes(entry))
