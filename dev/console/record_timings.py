"""The way of a record through the buffer, by the times that its item carries. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Way:
    """The times are RFC 3339 UTC."""

    id: str
    version: str
    units: float
    accepted: str
    to_queue_ms: int
    """From acceptance until SQS had it."""
    to_table_ms: int
    """From there until the consumer put it."""

    @property
    def all_ms(self) -> int:
        return self.to_queue_ms + self.to_table_ms


def way_of(put: Mapping[str, Any]) -> Way | None:
    """Of one of the emulator's last puts; None where its times are not to be read."""
    try:
        accepted, sqs, ddb = (datetime.fromisoformat(put[name]) for name in ("accepted", "sqs", "ddb"))
        return Way(
            id=put["id"],
            version=put["version"],
            units=put["units"],
            accepted=put["accepted"],
            to_queue_ms=round((sqs - accepted).total_seconds() * 1000),
            to_table_ms=round((ddb - sqs).total_seconds() * 1000),
        )
    except (KeyError, ValueError, TypeError):
        return None


def ways_of(puts: Iterable[Mapping[str, Any]]) -> list[Way]:
    """The newest first."""
    return [way for put in puts if (way := way_of(put))][::-1]
