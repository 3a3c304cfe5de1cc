"""What the load has cost so far, and would cost a month, beside the same records written in other ways. Pure.

A month repeats what was metered: as soon as the table has written it, and once a minute at most. Otherwise a table that
is too small for its load would look the cheapest of all, and so would one that has only begun to write a burst.
"""

from dataclasses import dataclass, fields, replace

from dev.console.formatting import dollars
from dev.console.time_series import StackSnapshot
from ops.formatting import duration
from ops.live_cost import Costs, Meters, a_month, costs, per_million

_MINUTE = 60.0
_NOTHING = Meters()
_SLEEPING_WORKERS = 2
"""As many as the template's ConsumerMaximumConcurrency."""


@dataclass(frozen=True, slots=True)
class PricedWay:
    """One way to write the records, in dollars: so far, for a month like this, and per million that it stores."""

    name: str
    so_far: float
    month: float
    million: float | None


def ways(now: StackSnapshot, since: Meters = _NOTHING) -> list[PricedWay]:
    """The door, the time and the capacity are the same for all. Empty before the first record.

    The original pattern is among them while it runs; `since` is what was metered before it began.
    """
    meters = _less(now.meters, since)
    if not meters.records:
        return []
    so_far, month = costs(meters), _month(meters, now.capacity)
    monthly, accepted = costs(month), month.records  # each of them is stored, or will be
    written = min(1.0, meters.stored / meters.records)  # so far, on demand would have cost as much as this
    found = [
        PricedWay("Forebay", so_far.total, monthly.total, per_million(monthly.total, accepted)),
        PricedWay(
            "on demand",
            so_far.door + written * so_far.on_demand,
            monthly.total_on_demand,
            per_million(monthly.total_on_demand, accepted),
        ),
    ]
    if now.original and now.original.meters.records:
        original = replace(
            now.original.meters,
            seconds=meters.seconds,
            write_units=meters.write_units,
            provisioned_unit_seconds=meters.provisioned_unit_seconds,
        )
        original_month = _month(original, now.capacity)
        share = original.records / meters.records
        total = costs(original_month).buffered + monthly.door * share
        found.append(
            PricedWay(
                "original pattern",
                costs(original).buffered + so_far.door * share,
                total,
                per_million(total, original_month.stored),
            )
        )
    return found


def parts(now: StackSnapshot, since: Meters = _NOTHING) -> str:
    """Where Forebay's month goes."""
    cost: Costs = costs(_month(_less(now.meters, since), now.capacity))
    named = (("table", cost.table), ("door", cost.door), ("queue", cost.queue), ("consumer", cost.consumer))
    return ", ".join(f"{name} {dollars(each)}" for name, each in named)


def waiting(waited_seconds: float) -> str:
    """`waited_seconds`: for how long there was a backlog."""
    asleep = costs(Meters(milliseconds=_SLEEPING_WORKERS * waited_seconds * 1000)).consumer
    if not waited_seconds:
        return "Waiting costs $0."
    return f"Waiting: $0. Workers that slept through it, {duration(waited_seconds)}, would have cost {dollars(asleep)}."


def _less(meters: Meters, before: Meters) -> Meters:
    names = [each.name for each in fields(Meters)]
    return Meters(**{name: max(0.0, getattr(meters, name) - getattr(before, name)) for name in names})


def _month(meters: Meters, capacity: int) -> Meters:
    """`capacity`: write units a second of the table now, for meters that have not run yet."""
    rate = meters.provisioned_unit_seconds / meters.seconds if meters.seconds else capacity
    seconds = max(_MINUTE, meters.seconds, meters.write_units / rate)
    return a_month(replace(meters, seconds=seconds, provisioned_unit_seconds=rate * seconds))
