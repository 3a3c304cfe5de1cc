"""A request's body: read whole, within bounds of size and time, and unpacked."""

import asyncio
import zlib
from collections.abc import Iterator

from starlette.requests import Request

from api.problems import ContentEncodingUnsupported, GzipMalformed, RequestTimedOut, RequestTooLarge

REQUEST_BYTES_MAX = 6 * 1024 * 1024
"""Bytes of a body, before and after it is unpacked. As Lambda's own limit of a request:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
REQUEST_SECONDS_MAX = 30.0
"""How long a body may take to come in."""
_UNPACK_BYTES = 65_536
_GZIP = 16 + zlib.MAX_WBITS


async def read_body(request: Request) -> bytes:
    """The unpacked body. Given up as soon as it is over the limit, so that a gzip bomb costs no more than the limit.

    Raises `RequestTooLarge`, `RequestTimedOut`, `GzipMalformed` or `ContentEncodingUnsupported`.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ContentEncodingUnsupported("a body is sent as it is, or with Content-Encoding: gzip")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > REQUEST_BYTES_MAX:
        raise _too_large()
    try:
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            body = await _read(request)
    except TimeoutError:
        raise RequestTimedOut(f"the body took over {REQUEST_SECONDS_MAX:.0f} s to come in") from None
    return body if encoding == "identity" else unpack(body)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_BYTES_MAX:
            raise _too_large()
    return bytes(body)


def unpack(packed: bytes) -> bytes:
    """All members of a gzip stream (RFC 1952 allows several), up to the limit."""
    unpacked = bytearray()
    for part in _unpacked(packed):
        unpacked += part
        if len(unpacked) > REQUEST_BYTES_MAX:
            raise _too_large()
    return bytes(unpacked)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            while packed and not member.eof:
                yield member.decompress(packed, _UNPACK_BYTES)
                packed = member.unconsumed_tail
        except zlib.error:
            raise GzipMalformed("the body is not gzip") from None
        if not member.eof:
            raise GzipMalformed("the gzip body is cut short")
        packed = member.unused_data


def _too_large() -> RequestTooLarge:
    return RequestTooLarge(f"a body is at most {REQUEST_BYTES_MAX:,} bytes, unpacked too; send it in parts")
