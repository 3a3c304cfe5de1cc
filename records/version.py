"""Versions: UUIDv7 (RFC 9562 section 5.7), whose text order is the order of acceptance.

A version is 48 bits of Unix milliseconds and a tail of 74 bits. Within one process the tail is counted up, so that two
versions of the same millisecond keep their order (RFC 9562 section 6.2, method 2).
"""

import hashlib
import re
from collections.abc import Callable
from threading import Lock

_TAIL_BITS = 74
_TAIL_MAX = (1 << _TAIL_BITS) - 1
_VERSION = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Versions:
    """Makes versions that increase. One per process, for all of its threads.

    `now_ms` gives Unix time in milliseconds, `random_bits(n)` n random bits (`time` and `secrets` in production).
    A clock that stands still or steps back does not break the order: then the tail of the last version is increased.
    """

    def __init__(self, now_ms: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._lock = Lock()
        self._ms = -1
        self._tail = 0

    def next(self) -> str:
        with self._lock:
            ms = self._now_ms()
            if ms > self._ms:
                self._ms = ms
                # The top bit stays 0, so that the tail can be counted up without overflow, even while a clock is wrong.
                self._tail = self._random_bits(_TAIL_BITS - 1)
            else:
                self._tail += 1
            return _text(self._ms, self._tail)


def version_of_bare_message(message_id: str, sent_ms: int) -> str:
    """The version of a message without the attribute: the same at every delivery, ordered by the time SQS took it."""
    digest = hashlib.blake2b(message_id.encode(), digest_size=16).digest()
    return _text(sent_ms, int.from_bytes(digest, "big") & _TAIL_MAX)


def is_version(text: str) -> bool:
    """Whether `text` is a UUIDv7 in its canonical form. In any other form, text order would not be version order."""
    return _VERSION.fullmatch(text) is not None


def accepted_ms(version: str) -> int:
    """When the record was accepted, in Unix milliseconds: a version's first 48 bits."""
    return int(version[:8] + version[9:13], 16)


def _text(ms: int, tail: int) -> str:
    high, low = tail >> 62, tail & ((1 << 62) - 1)
    digits = f"{(ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
