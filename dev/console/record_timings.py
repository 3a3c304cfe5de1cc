"""How long a record took through the buffer, by the times that its item holds. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordTiming:
    id: str
    version: str
    units: float
    """Write units."""
    accepted: str
    """RFC 3339 UTC."""
    to_queue_ms: int
    """From acceptance until SQS had the message."""
    to_table_ms: int
    """From then until the consumer put the item."""

    @property
    def total_ms(self) -> int:
        return self.to_queue_ms + self.to_table_ms


def timing_of(put: Mapping[str, Any]) -> RecordTiming | None:
    """Of one of the emulator's last puts; None where its times cannot be read."""
    try:
        accepted, sqs, ddb = (datetime.fromisoformat(put[name]) for name in ("accepted", "sqs", "ddb"))
        return RecordTiming(
            id=put["id"],
            version=put["version"],
            units=put["units"],
            accepted=put["accepted"],
            to_queue_ms=round((sqs - accepted).total_seconds() * 1000),
            to_table_ms=round((ddb - sqs).total_seconds() * 1000),
        )
    except (KeyError, ValueError, TypeError):
        return None


def timings_of(puts: Iterable[Mapping[str, Any]]) -> list[RecordTiming]:
    """The newest first."""
    return [timing for put in puts if (timing := timing_of(put))][::-1]
