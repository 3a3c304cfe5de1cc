"""What the load has cost so far, and would cost a month, beside the same records written in other ways. Pure."""

from dataclasses import dataclass, replace

from dev.console.formatting import dollars
from dev.console.time_series import StackSnapshot
from ops.formatting import duration
from ops.live_cost import Costs, Meters, a_month, costs, per_million

_MINUTE = 60.0
_SLEEPING_WORKERS = 2
"""As many as the template's ConsumerMaximumConcurrency."""


@dataclass(frozen=True, slots=True)
class PricedWay:
    """One way to write the records, in dollars: so far, for a month that goes on like this, and per million stored."""

    name: str
    so_far: float
    month: float
    million: float | None


def ways(now: StackSnapshot) -> list[PricedWay]:
    """The door is the same for all. The original pattern is among them while it runs; empty before the first record."""
    if not now.meters.records:
        return []
    so_far, month = costs(now.meters), costs(_month(now.meters))
    accepted = now.meters.records  # each of them is stored, or will be
    found = [
        PricedWay("Forebay", so_far.total, month.total, per_million(so_far.total, accepted)),
        PricedWay(
            "on demand", so_far.total_on_demand, month.total_on_demand, per_million(so_far.total_on_demand, accepted)
        ),
    ]
    if now.original and (meters := now.original.meters).records:
        door = so_far.door * meters.records / now.meters.records
        total = costs(meters).buffered + door
        found.append(
            PricedWay(
                "original pattern",
                total,
                costs(_month(meters)).buffered + month.door,
                per_million(total, meters.stored),
            )
        )
    return found


def parts(meters: Meters) -> str:
    """Where Forebay's month goes."""
    cost: Costs = costs(_month(meters))
    named = (("table", cost.table), ("door", cost.door), ("queue", cost.queue), ("consumer", cost.consumer))
    return ", ".join(f"{name} {dollars(each)}" for name, each in named)


def _month(meters: Meters) -> Meters:
    """As if it came again and again: a burst of seconds no more often than once a minute."""
    if meters.seconds >= _MINUTE:
        return a_month(meters)
    units = meters.provisioned_unit_seconds / meters.seconds if meters.seconds else 0.0
    return a_month(replace(meters, seconds=_MINUTE, provisioned_unit_seconds=units * _MINUTE))


def waiting(waited_seconds: float) -> str:
    """`waited_seconds`: for how long there was a backlog."""
    asleep = costs(Meters(milliseconds=_SLEEPING_WORKERS * waited_seconds * 1000)).consumer
    if not waited_seconds:
        return "Waiting costs $0."
    return f"Waiting: $0. Workers that sleep through {duration(waited_seconds)} of backlog: {dollars(asleep)}."
