"""What went through the emulator since it started, counted where it happens: the console's numbers come from here."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from dev.local.asgi import Json
from records.item import RESERVED_NAME

LAST_PUTS_MAX = 50
_ID_LENGTH_MAX = 100
_METER_BYTES = 65_536


@dataclass(slots=True)
class TableCounters:
    units: float = 0
    """Write units that were charged, those of failed conditions included."""
    puts: int = 0
    superseded: int = 0
    """Puts whose condition failed: the table already holds the same version or a newer one."""
    throttles: int = 0
    last_puts: deque[Json] = field(default_factory=lambda: deque(maxlen=LAST_PUTS_MAX))
    """The ids and times of the records that were put last, the newest at the end."""


class Counters:
    """By the names of tables and queues."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, TableCounters] = defaultdict(TableCounters)
        self.sent: defaultdict[str, int] = defaultdict(int)
        """Messages that SQS confirmed."""
        self.batch_requests: defaultdict[str, int] = defaultdict(int)
        """SendMessageBatch requests, as SQS meters them: 64 KB are one. Only the API sends batches."""

    def count_put(self, table: str, units: float, request: Json) -> None:
        counters = self.tables[table]
        counters.units += units
        counters.puts += 1
        item = request.get("Item", {})
        provenance = item.get(RESERVED_NAME, {}).get("M")
        if provenance:
            times = {name: value.get("S", "") for name, value in provenance.items()}
            counters.last_puts.append({"id": _text(item.get("id", {})), "units": units, **times})

    def count_superseded(self, table: str, units: float) -> None:
        counters = self.tables[table]
        counters.units += units
        counters.superseded += 1

    def count_units(self, table: str, units: float) -> None:
        self.tables[table].units += units

    def count_batch(self, queue: str, size: int) -> None:
        """`size` is in bytes: https://aws.amazon.com/sqs/pricing/"""
        self.batch_requests[queue] += max(1, -(-size // _METER_BYTES))

    def count_throttle(self, table: str) -> None:
        self.tables[table].throttles += 1

    def as_json(self) -> Json:
        return {
            "sent": dict(self.sent),
            "batch_requests": dict(self.batch_requests),
            "tables": {
                name: {
                    "units": counters.units,
                    "puts": counters.puts,
                    "superseded": counters.superseded,
                    "throttles": counters.throttles,
                    "last_puts": list(counters.last_puts),
                }
                for name, counters in self.tables.items()
            },
        }


def _text(attribute_value: Json) -> str:
    return str(next(iter(attribute_value.values()), ""))[:_ID_LENGTH_MAX]
