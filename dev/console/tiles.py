"""The figures of this moment, each with its unit. Pure."""

from dataclasses import dataclass

from dev.console import formatting as words
from dev.console.time_series import Series


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    value: str = words.UNKNOWN
    unit: str = ""
    aside: str = ""
    alarming: bool = False


NAMES = (
    "Accepted",
    "Backlog",
    "In flight",
    "Table takes",
    "Time to empty",
    "Throttled calls",
    "Dead letters",
    "In table",
)


def tiles(series: Series) -> list[Tile]:
    """One for each of `NAMES`, in that order."""
    now = series.reading
    if now is None or not series.points:
        return [Tile(name) for name in NAMES]
    point = series.points[-1]
    return [
        Tile("Accepted", words.rate(point.accepted), "records/s", f"{words.whole(now.sent)} since the start"),
        Tile("Backlog", words.whole(now.backlog), "records", "waiting and in flight"),
        Tile("In flight", words.whole(now.in_flight), "records", "received, not put yet"),
        Tile(
            "Table takes",
            words.rate(point.units),
            f"of {words.whole(now.capacity)} units/s",
            f"{words.rate(point.records)} records/s",
        ),
        Tile("Time to empty", words.to_empty(now.seconds_to_empty, now.backlog), "", "if nothing more comes"),
        Tile(
            "Throttled calls",
            words.whole(now.throttles),
            "calls",
            f"beside {words.whole(now.puts + now.superseded)} puts",
        ),
        Tile(
            "Dead letters",
            words.whole(now.dead_lettered),
            "messages",
            "reasons below" if now.dead_lettered else "nothing was given up",
            alarming=now.dead_lettered > 0,
        ),
        Tile("In table", words.whole(now.items), "items", f"{words.whole(now.superseded)} older versions refused"),
    ]
