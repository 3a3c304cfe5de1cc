"""The original pattern with the same arrivals, simulated as for docs/measurements/drain.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from dev.bench.drain.measure import Case, drained, prepared
from dev.bench.drain.virtual import with_policies
from dev.simulation.world import Setting
from ops.live_cost import Meters

_EARLIEST = 0.001
"""A world whose last record arrives at 0 would end before it."""


@dataclass(frozen=True, slots=True)
class OriginalOutcome:
    """Of good records."""

    meters: Meters
    dead_lettered: int


def original_outcome(arrivals: Sequence[float], write_units: int, sent: Meters) -> OriginalOutcome:
    """For records of one write unit that arrive at these seconds, into a table without burst credit.

    `sent` are Forebay's meters: the same requests, the same table for the same time.
    """
    setting = Setting(units_per_second=write_units, workers=2, verify_deletes=False)
    case = Case(setting, records=0, units=1, arrivals=[max(at, _EARLIEST) for at in arrivals])
    (original,) = (each for each in with_policies(case) if each.policy.name == "original")
    run = prepared(original, seed=1)
    dead = round(drained(run).dead_lettered * len(arrivals))
    bill = run.world.bill
    meters = Meters(
        seconds=sent.seconds,
        records=len(arrivals),
        stored=len(arrivals) - dead,
        api_requests=sent.api_requests,
        api_milliseconds=sent.api_milliseconds,
        send_requests=sent.send_requests,
        drain_requests=bill.requests - bill.idle_receives,
        invocations=bill.invocations,
        milliseconds=bill.billed_ms,
        write_units=len(arrivals) - dead,
        provisioned_unit_seconds=sent.provisioned_unit_seconds,
    )
    return OriginalOutcome(meters, dead)
