"""What the users share: whose turn it is, which records they send, and what came of them."""

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
class OfKind:
    """What came of the requests of one kind. Latencies are those of the 202s."""

    records: int = 0
    latencies: Latencies = field(default_factory=Latencies)


class Traffic:
    """`rate` is records a second, 0 for no limit; `repeated` the share of records with one of a few ids."""

    def __init__(self, rate: float, repeated: float) -> None:
        self.ended = False
        self.sent = 0
        self.receipts = Receipts()
        self.kinds = {kind: OfKind() for kind in KINDS}
        self.failures: Counter[str] = Counter()
        self._run = f"load-{secrets.token_hex(4)}"
        self._made = 0
        self._repeated = repeated
        self._chance = random.Random()  # noqa: S311 - which id is repeated is no secret
        self._turns: WriteCapacity | None = None
        self.provision(rate)

    def provision(self, rate: float) -> None:
        """Changes the rate from now on."""
        if not rate:
            self._turns = None
        elif self._turns is None:
            self._turns = WriteCapacity(rate, 0, time.monotonic)
            self._turns.charge(rate)  # it begins with a second's units, which would be a burst
        else:
            self._turns.provision(rate)

    def wait_for_turn(self, records: int) -> bool:
        """False when no more is to be sent."""
        while not self.ended and self._turns and not self._turns.admits():
            time.sleep(_POLL_SECONDS)
        if self.ended:
            return False
        if self._turns:
            self._turns.charge(records)
        self.sent += records
        return True

    def record(self) -> dict[str, Any]:
        """A reading of a sensor; one write unit."""
        self._made += 1
        repeated = self._chance.random() < self._repeated
        number = f"again-{self._chance.randrange(_REPEATED_IDS)}" if repeated else str(self._made)
        temperature = round(self._chance.uniform(-20, 40), 2)
        return {"id": f"{self._run}-{number}", "number": self._made, "temperature": temperature, "note": "n" * 100}

    def answered(self, kind: str, body: bytes, records: int, seconds: float) -> str | None:
        """A 202; returns what is wrong with it."""
        try:
            told = [(Key(each["id"]), each["version"]) for each in json.loads(body)["records"]]
        except (ValueError, KeyError, TypeError):
            return "a 202 without receipts"
        for key, version in told:
            self.receipts.add(key, version)
        of_kind = self.kinds[kind]
        of_kind.records += len(told)
        of_kind.latencies.add(seconds)
        return None if len(told) == records else f"a 202 with {len(told)} receipts for {records} records"

    @property
    def accepted(self) -> int:
        return self.receipts.count
