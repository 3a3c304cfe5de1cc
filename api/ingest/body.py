"""A request's body: read whole, within bounds of size and time, and unpacked."""

import asyncio
import zlib
from collections.abc import Iterator

from starlette.requests import ClientDisconnect, Request

from api.problems import (
    BodyIncomplete,
    ContentEncodingUnsupported,
    GzipMalformed,
    QueueBusy,
    RequestTimedOut,
    RequestTooLarge,
)
from api.time_limit import TimeLimit

REQUEST_BYTES_MAX = 6 * 1024 * 1024
"""Bytes of a body, before and after it is unpacked. As Lambda's own limit of a request:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
REQUEST_SECONDS_MAX = 30.0
"""How long a body may take to come in."""
BODIES_BYTES_MAX = 64 * 1024 * 1024
"""What all bodies that are still coming in may take together; more is refused at once, so that memory stays bounded."""
_SLICE_BYTES = 4096
_UNPACK_BYTES = 65_536
_GZIP = 16 + zlib.MAX_WBITS


def is_packed(request: Request) -> bool:
    """Whether the body is gzip. Raises `ContentEncodingUnsupported` for anything else but a plain one."""
    given = request.headers.getlist("content-encoding")
    if not given:
        return False
    encodings = ",".join(given).lower().split(",")
    packings = [each.strip() for each in encodings if each.strip() not in {"", "identity"}]
    if packings and packings not in (["gzip"], ["x-gzip"]):
        raise ContentEncodingUnsupported("a body is sent as it is, or with Content-Encoding: gzip")
    return bool(packings)


class Room:
    """Memory that requests share: each takes what it holds, and gives it back."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> None:
        """Raises `QueueBusy`."""
        if size > self.left:
            raise QueueBusy
        self.left -= size


async def read_body(request: Request, limit: TimeLimit, room: Room) -> bytes:
    """The body as it came, given up as soon as it is over the limits of size and time.

    Raises `RequestTooLarge`, `RequestTimedOut`, `QueueBusy`, `BodyIncomplete` or `ClientDisconnect`.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > REQUEST_BYTES_MAX:
        raise _too_large()
    task = asyncio.current_task()
    assert task  # noqa: S101 - for the checker: this is a coroutine
    limit.start(task, task.cancel)
    try:
        body = await _received(request, room)
    except asyncio.CancelledError:
        if limit.stop(task) or task.uncancel():
            raise  # by somebody else
        raise RequestTimedOut(f"the body took over {limit.seconds:.0f} s to come in") from None
    finally:
        limit.stop(task)
    if declared.isdecimal() and int(declared) != len(body):
        raise BodyIncomplete(f"Content-Length says {declared} bytes; {len(body)} came")
    return body


async def _received(request: Request, room: Room) -> bytes:
    parts = bytearray()
    try:
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            if len(parts) + len(piece) > REQUEST_BYTES_MAX:
                raise _too_large()
            if not message.get("more_body"):
                return bytes(parts) + piece if parts else piece  # most come in one piece, which needs no copy
            room.take(len(piece))
            parts += piece
    finally:
        room.left += len(parts)


def unpack(packed: bytes) -> bytes:
    """All members of a gzip stream (RFC 1952 allows several), up to the limit: a bomb costs no more than that.

    Raises `GzipMalformed` or `RequestTooLarge`.
    """
    unpacked = bytearray()
    for part in _unpacked(packed):
        unpacked += part
        if len(unpacked) > REQUEST_BYTES_MAX:
            raise _too_large()
    return bytes(unpacked)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """The stream is fed in slices, because zlib hands back a copy of what it has not used after every member."""
    member = zlib.decompressobj(_GZIP)
    position = 0
    while position < len(packed):
        if member.eof:
            member = zlib.decompressobj(_GZIP)
        piece = packed[position : position + _SLICE_BYTES]
        position += len(piece)
        try:
            while piece and not member.eof:
                yield member.decompress(piece, _UNPACK_BYTES)
                piece = member.unconsumed_tail
        except zlib.error:
            raise GzipMalformed("the body is not gzip") from None
        position -= len(member.unused_data)
    if not member.eof:
        raise GzipMalformed("the gzip body is cut short")


def _too_large() -> RequestTooLarge:
    return RequestTooLarge(f"a body is at most {REQUEST_BYTES_MAX:,} bytes, unpacked too; send it in parts")
