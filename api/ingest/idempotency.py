"""Ids derived from an idempotency key, so that a client can repeat a request blindly and nothing is stored twice."""

import hashlib
import re
import uuid
from collections.abc import Sequence

from api.problems import IdempotencyKeyInvalid

_KEY = re.compile(r"[ -~]{1,255}")

HEADER = "Idempotency-Key"
KEY_LENGTH_MAX = 255


def checked(keys: Sequence[str]) -> str | None:
    """The key that a request has in its headers, if any. Raises `IdempotencyKeyInvalid`."""
    if not keys:
        return None
    key, *others = keys
    if others or not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(f"{HEADER} is one of 1 to {KEY_LENGTH_MAX} printable ASCII characters")
    return key


def derived_id(key: str, position: int) -> str:
    """The id of the record at that position of a request with that key: a UUIDv8 (RFC 9562), always the same."""
    digest = bytearray(hashlib.blake2b(f"{position}:{key}".encode("ascii"), digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))
