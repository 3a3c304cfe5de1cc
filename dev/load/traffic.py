"""What all users share: the rate limit, the records that they send, and the results."""

import json
import random
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dev.load.latencies import Latencies
from dev.load.receipts import Receipts
from dev.local.capacity import WriteCapacity
from records.key import Key

KINDS = ("single", "array", "ndjson")
_REPEATED_IDS = 20
_POLL_SECONDS = 0.01


@dataclass(slots=True)
class RequestStats:
    """The accepted requests of one kind."""

    records: int = 0
    latencies: Latencies = field(default_factory=Latencies)


class Traffic:
    """`rate` is in records a second, 0 for no limit. `repeated` is the share of records whose id is one of a few, so
    that several versions of one record are sent.
    """

    def __init__(self, rate: float, repeated: float) -> None:
        self.ended = False
        self.sent = 0
        self.receipts = Receipts()
        self.kinds = {kind: RequestStats() for kind in KINDS}
        self.failures: Counter[str] = Counter()
        self._run = f"load-{secrets.token_hex(4)}"
        self._made = 0
        self._repeated = repeated
        self._chance = random.Random()  # noqa: S311 - which id is repeated is no secret
        self._limit: WriteCapacity | None = None
        self.set_rate(rate)

    def set_rate(self, rate: float) -> None:
        """Applies from now on."""
        if not rate:
            self._limit = None
        elif self._limit is None:
            self._limit = WriteCapacity(rate, 0, time.monotonic)
            self._limit.charge(rate)  # the bucket starts with a second's units, which would be a burst
        else:
            self._limit.provision(rate)

    def wait_for_turn(self, records: int) -> bool:
        """Waits until the rate allows so many records. False when the load has ended."""
        while not self.ended and self._limit and not self._limit.admits():
            time.sleep(_POLL_SECONDS)
        if self.ended:
            return False
        if self._limit:
            self._limit.charge(records)
        self.sent += records
        return True

    def record(self) -> dict[str, Any]:
        """A sensor's reading, which costs one write unit."""
        self._made += 1
        repeated = self._chance.random() < self._repeated
        number = f"repeated-{self._chance.randrange(_REPEATED_IDS)}" if repeated else str(self._made)
        temperature = round(self._chance.uniform(-20, 40), 2)
        return {"id": f"{self._run}-{number}", "number": self._made, "temperature": temperature, "note": "n" * 100}

    def add_accepted(self, kind: str, body: bytes, records: int, seconds: float) -> str | None:
        """Counts a 202 for so many records. Returns what is wrong with it, or None."""
        try:
            receipts = [(Key(each["id"]), each["version"]) for each in json.loads(body)["records"]]
        except (ValueError, KeyError, TypeError):
            return "a 202 without receipts"
        for key, version in receipts:
            self.receipts.add(key, version)
        stats = self.kinds[kind]
        stats.records += len(receipts)
        stats.latencies.add(seconds)
        return None if len(receipts) == records else f"a 202 with {len(receipts)} receipts for {records} records"

    @property
    def accepted(self) -> int:
        return self.receipts.count
