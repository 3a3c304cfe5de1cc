"""The receipts of accepted records, bounded and compact: the newest version of each key, and the number of receipts."""

import json
from collections.abc import Iterable, Iterator
from uuid import UUID

from records.key import Key
from records.version import accepted_ms, is_version

RECEIPTS_KEYS_MAX = 500_000
"""Keys that are kept; they take about 150 MB."""


class ReceiptInvalid(Exception):
    """A line does not hold receipts, or there are too many to keep; the message says which."""


class Receipts:
    """Only the newest version of a key is kept: the table is to hold that one, which supersedes the others."""

    def __init__(self) -> None:
        self.count = 0
        self.superseded = 0
        """Receipts whose key has a newer one."""
        self._newest: dict[Key, bytes] = {}

    @classmethod
    def read(cls, lines: Iterable[str]) -> "Receipts":
        """From answers of `POST /records`, or their single receipts, one a line. Raises `ReceiptInvalid`."""
        receipts = cls()
        for number, line in enumerate(lines, 1):
            for key, version in _read(number, line):
                receipts.add(key, version)
            if receipts.full:
                raise ReceiptInvalid(f"receipts of more than {RECEIPTS_KEYS_MAX:,} ids: verify them in parts")
        return receipts

    def add(self, key: Key, version: str) -> None:
        self.count += 1
        known = self._newest.get(key)
        added = _packed(version)
        if known is None or known < added:
            self._newest[key] = added
        self.superseded += known is not None

    @property
    def full(self) -> bool:
        """When the load is to end. Receipts of requests in flight are still kept."""
        return len(self._newest) >= RECEIPTS_KEYS_MAX

    def __len__(self) -> int:
        """The number of keys."""
        return len(self._newest)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._newest)

    def satisfied_by(self, key: Key, version: str | None) -> bool:
        """Whether this version, in the table, is the key's newest receipt or newer."""
        return version is not None and is_version(version) and _packed(version) >= self._newest[key]

    def accepted_ms(self, key: Key) -> int:
        """When the key's newest version was accepted, in Unix milliseconds."""
        return accepted_ms(str(UUID(bytes=self._newest[key])))

    def is_newest(self, key: Key, version: str) -> bool:
        return is_version(version) and self._newest.get(key) == _packed(version)


def _packed(version: str) -> bytes:
    """16 bytes, in the order of the text."""
    return bytes.fromhex(version.replace("-", ""))


def _read(number: int, line: str) -> Iterator[tuple[Key, str]]:
    if not line.strip():
        return
    try:
        content = json.loads(line)
        for receipt in content.get("records", [content]):
            if not is_version(receipt["version"]):
                raise ValueError(number)  # noqa: TRY301 - reported like every other error in the line
            yield Key(receipt["id"], receipt.get("sort")), receipt["version"]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReceiptInvalid(f"line {number} is neither a receipt nor an answer with receipts") from error
