"""An SQS that answers like SQS and costs next to nothing; counts what it took. `python -m dev.bench.door.sink PORT`.

Only what the senders call: SendMessage and SendMessageBatch in SQS's JSON protocol. `GET /` answers the count.
"""

import asyncio
import json
import sys
from hashlib import md5

_TARGET = b"x-amz-target: amazonsqs.sendmessagebatch"
_LENGTH = b"content-length:"
_MESSAGE_ID = "00000000-0000-4000-8000-000000000000"


class Sink(asyncio.Protocol):
    messages = 0

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            lowered = head.lower()
            _, found, length = lowered.partition(_LENGTH)
            size = int(length.split(b"\r\n", 1)[0]) if found else 0
            if len(rest) < size:
                if b"expect: 100-continue" in lowered:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    self._buffer = head.replace(b"100-continue", b"told") + separator + rest
                return
            body, self._buffer = rest[:size], rest[size:]
            answer = _answer(lowered, body)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n%b"
                % (len(answer), answer)
            )


def _answer(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"get "):
        return b"%d" % Sink.messages
    request = json.loads(body)
    if _TARGET in head:
        Sink.messages += len(request["Entries"])
        successful = [
            {"Id": entry["Id"], "MessageId": _MESSAGE_ID, "MD5OfMessageBody": _digest(entry["MessageBody"])}
            for entry in request["Entries"]
        ]
        return json.dumps({"Successful": successful, "Failed": []}).encode()
    Sink.messages += 1
    return json.dumps({"MessageId": _MESSAGE_ID, "MD5OfMessageBody": _digest(request["MessageBody"])}).encode()


def _digest(body: str) -> str:
    return md5(body.encode(), usedforsecurity=False).hexdigest()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
