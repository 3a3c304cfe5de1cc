"""What went through the emulator since it started, counted where it happens: the console's figures come from here."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

LAST_PUTS = 50
_RESERVED = "_forebay"


@dataclass(slots=True)
class TableMeter:
    units: float = 0
    """Write units that were charged, those of failed conditions included."""
    puts: int = 0
    superseded: int = 0
    """Puts whose condition failed: what the table holds is as new, or newer."""
    throttles: int = 0
    last: deque[Json] = field(default_factory=lambda: deque(maxlen=LAST_PUTS))
    """The keys and times of the records that were put last, the newest at the end."""


class Meters:
    """By the names of tables and queues."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, TableMeter] = defaultdict(TableMeter)
        self.sent: defaultdict[str, int] = defaultdict(int)
        """Messages that SQS confirmed."""

    def put(self, table: str, units: float, request: Json) -> None:
        meter = self.tables[table]
        meter.units += units
        meter.puts += 1
        item = request.get("Item", {})
        provenance = item.get(_RESERVED, {}).get("M")
        if provenance:
            times = {name: value.get("S", "") for name, value in provenance.items()}
            meter.last.append({"id": _text(item.get("id", {})), "units": units, **times})

    def superseded(self, table: str, units: float) -> None:
        meter = self.tables[table]
        meter.units += units
        meter.superseded += 1

    def wrote_many(self, table: str, units: float) -> None:
        self.tables[table].units += units

    def throttled(self, table: str) -> None:
        self.tables[table].throttles += 1

    def told(self) -> Json:
        return {
            "sent": dict(self.sent),
            "tables": {
                name: {
                    "units": meter.units,
                    "puts": meter.puts,
                    "superseded": meter.superseded,
                    "throttles": meter.throttles,
                    "last": list(meter.last),
                }
                for name, meter in self.tables.items()
            },
        }


def _text(attribute_value: Json) -> str:
    return str(next(iter(attribute_value.values()), ""))[:100]
