"""The figures of this moment, each with its unit. Pure."""

from dataclasses import dataclass

from dev.console import formatting
from dev.console.time_series import TimeSeries


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    value: str = formatting.UNKNOWN
    unit: str = ""
    note: str = ""
    alarming: bool = False


NAMES = (
    "Accepted",
    "Backlog",
    "In flight",
    "Table writes",
    "Time to empty",
    "Throttled calls",
    "Dead letters",
    "In table",
)


def tiles(series: TimeSeries) -> list[Tile]:
    """One for each of `NAMES`, in that order."""
    now = series.latest
    if now is None or not series.points:
        return [Tile(name) for name in NAMES]
    point = series.points[-1]
    rate, whole = formatting.rate, formatting.whole
    return [
        Tile("Accepted", rate(point.accepted), "records/s", f"{whole(now.sent)} since the start"),
        Tile("Backlog", whole(now.backlog), "records", "waiting and in flight"),
        Tile("In flight", whole(now.in_flight), "records", "received, not put yet"),
        Tile(
            "Table writes", rate(point.units), f"of {whole(now.capacity)} units/s", f"{rate(point.records)} records/s"
        ),
        Tile(
            "Time to empty", formatting.time_to_empty(now.seconds_to_empty, now.backlog), "", "if nothing more is sent"
        ),
        Tile("Throttled calls", whole(now.throttles), "calls", f"and {whole(now.puts + now.superseded)} puts"),
        Tile(
            "Dead letters",
            whole(now.dead_lettered),
            "messages",
            "reasons below" if now.dead_lettered else "no record was given up",
            alarming=now.dead_lettered > 0,
        ),
        Tile("In table", whole(now.items), "items", f"{whole(now.superseded)} older versions refused"),
    ]
