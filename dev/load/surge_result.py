"""What happened during a surge, second by second, by the times that versions and items hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dev.load.item_reader import ItemReader
from dev.load.latencies import Latencies
from dev.load.original_pattern import OriginalOutcome
from dev.load.receipts import Receipts
from dev.load.traffic import RequestStats
from dev.load.verify import Verdict
from ops.live_cost import Meters
from ops.target import Target

_QUIET_SECONDS = 2
"""Shown after the last put, so that the end is visible."""


@dataclass(frozen=True, slots=True)
class SurgeResult:
    write_units: int
    """Write units a second that the table is provisioned for. Every record costs one."""
    surge: tuple[float, float]
    """Its begin and end. All times are in seconds since the load began."""
    accepted: Sequence[float]
    puts: Sequence[float]
    accepted_to_put: Latencies
    kinds: dict[str, RequestStats]
    refused_requests: int
    dead_letters: dict[str, int]
    """By reason."""
    verdict: Verdict
    meters: Meters = field(default_factory=Meters)
    original: OriginalOutcome | None = None
    """None where there was nothing to simulate."""

    @property
    def seconds(self) -> int:
        return int(max((*self.accepted, *self.puts, self.surge[1]))) + 1 + _QUIET_SECONDS

    @property
    def last_put(self) -> float:
        return max(self.puts, default=0.0)

    @property
    def greatest_backlog(self) -> int:
        return max(backlog for _, backlog in self.backlog())

    @property
    def surge_rate(self) -> float:
        """Records a second."""
        began, ended = self.surge
        return sum(began <= at < ended for at in self.accepted) / (ended - began)

    @property
    def capacity_used(self) -> float:
        """The share of the provisioned units that was consumed while there was a backlog, from 0 to 1."""
        return self.puts_per_second / self.write_units

    @property
    def puts_per_second(self) -> float:
        """While there was a backlog: from a second into the surge, as a table keeps one second's unused units."""
        began = self.surge[0] + 1
        return sum(at >= began for at in self.puts) / max(1.0, self.last_put - began)

    @property
    def latencies(self) -> Latencies:
        """Of requests of every kind."""
        return Latencies.merged(*(each.latencies for each in self.kinds.values()))

    def per_second(self, times: Sequence[float]) -> list[int]:
        """How many of the times are in each second."""
        counts = [0] * self.seconds
        for at in times:
            counts[max(0, int(at))] += 1
        return counts

    def backlog(self) -> list[tuple[float, int]]:
        """(time, records that are accepted and not in the table), four times a second."""
        steps = [step / 4 for step in range(self.seconds * 4 + 1)]
        return [(at, sum(a <= at for a in self.accepted) - sum(p <= at for p in self.puts)) for at in steps]


def put_times(target: Target, receipts: Receipts) -> dict[str, tuple[int, int | None]]:
    """When each id was accepted, and when it was put (None: it was not), in Unix milliseconds."""
    times: dict[str, tuple[int, int | None]] = {key.partition: (receipts.accepted_ms(key), None) for key in receipts}
    for key, provenance in ItemReader(target).read(list(receipts)):
        if provenance:
            put_ms = round(datetime.fromisoformat(provenance.ddb).timestamp() * 1000)
            times[key.partition] = receipts.accepted_ms(key), put_ms
    return times
