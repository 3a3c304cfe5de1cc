"""A request's body: read whole, within limits of size, time and memory, and decompressed."""

import asyncio
import zlib
from collections.abc import Iterator, Sequence

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from api.memory_budget import Share
from api.problems import (
    BodyIncomplete,
    ContentEncodingUnsupported,
    GzipMalformed,
    RequestTimedOut,
    RequestTooLarge,
)
from api.time_limit import TimeLimit

REQUEST_BYTES_MAX = 6 * 1024 * 1024
"""Bytes of a body, before and after decompression. As Lambda's own limit of a request:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
REQUEST_SECONDS_MAX = 30.0
"""How long a body may take to arrive."""
BODIES_BYTES_MAX = 32 * 1024 * 1024
"""Bytes of the bodies of all requests that are not answered yet; beyond it requests are refused at once."""
_INPUT_SLICE_BYTES = 4096
_OUTPUT_SLICE_BYTES = 65_536
_GZIP_WBITS = 16 + zlib.MAX_WBITS


def is_gzip(given: Sequence[str]) -> bool:
    """Whether the values of Content-Encoding say gzip. Raises `ContentEncodingUnsupported` for any other than none."""
    if not given:
        return False
    encodings = [each.strip() for each in ",".join(given).lower().split(",")]
    encodings = [each for each in encodings if each not in {"", "identity"}]
    if encodings and encodings not in (["gzip"], ["x-gzip"]):
        raise ContentEncodingUnsupported("a body is sent plain, or with Content-Encoding: gzip")
    return bool(encodings)


async def read_body(receive: Receive, declared: str, time_limit: TimeLimit, share: Share) -> bytes:
    """The body as it arrived, held in the share. `declared` is its Content-Length, or empty. A body beyond a limit is
    refused as soon as that is known.

    Raises `RequestTooLarge`, `RequestTimedOut`, `BudgetExceeded`, `BodyIncomplete` or `ClientDisconnect`.
    """
    if declared.isdecimal() and int(declared) > REQUEST_BYTES_MAX:
        raise _too_large()
    task = asyncio.current_task()
    assert task  # noqa: S101 - for the checker: this is a coroutine
    time_limit.start(task, task.cancel)
    try:
        body = await _read_chunks(receive, share)
    except asyncio.CancelledError:
        if time_limit.stop(task) or task.uncancel():
            raise  # cancelled by somebody else
        raise RequestTimedOut(f"the body took over {time_limit.seconds:.0f} s to arrive") from None
    finally:
        time_limit.stop(task)
    if declared.isdecimal() and int(declared) != len(body):
        raise BodyIncomplete(f"Content-Length is {declared} bytes; the body has {len(body)}")
    return body


async def _read_chunks(receive: Receive, share: Share) -> bytes:
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        if len(chunks) + len(chunk) > REQUEST_BYTES_MAX:
            raise _too_large()
        share.add(len(chunk))
        if not message.get("more_body"):
            return bytes(chunks) + chunk if chunks else chunk  # most arrive in one chunk, which needs no copy
        chunks += chunk


def decompress(compressed: bytes, size_max: int = REQUEST_BYTES_MAX) -> bytes:
    """All members of a gzip stream (RFC 1952 allows several), up to the limit: a gzip bomb costs no more than that.

    Raises `GzipMalformed` or `RequestTooLarge`.
    """
    plain = bytearray()
    for part in _decompressed_parts(compressed):
        plain += part
        if len(plain) > size_max:
            raise _too_large()
    return bytes(plain)


def _decompressed_parts(compressed: bytes) -> Iterator[bytes]:
    """Feeds the stream in slices, because zlib copies all unused input after every member."""
    member = zlib.decompressobj(_GZIP_WBITS)
    position = 0
    while position < len(compressed):
        if member.eof:
            member = zlib.decompressobj(_GZIP_WBITS)
        slice_ = compressed[position : position + _INPUT_SLICE_BYTES]
        position += len(slice_)
        try:
            while slice_ and not member.eof:
                yield member.decompress(slice_, _OUTPUT_SLICE_BYTES)
                slice_ = member.unconsumed_tail
        except zlib.error:
            raise GzipMalformed("the body is not gzip") from None
        position -= len(member.unused_data)
    if not member.eof:
        raise GzipMalformed("the gzip body is truncated")


def _too_large() -> RequestTooLarge:
    return RequestTooLarge(f"a body is at most {REQUEST_BYTES_MAX:,} bytes, also when decompressed; send it in parts")
