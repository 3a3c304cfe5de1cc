"""The figures of this moment, each with its unit. Pure."""

from dataclasses import dataclass

from dev.console import formatting
from dev.console.time_series import StackSnapshot, TimeSeries
from dev.local.fault_injection import EmulatorFault
from ops.formatting import count


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    value: str = formatting.UNKNOWN
    unit: str = ""
    note: str = ""
    alarming: bool = False


NAMES = ("Accepted", "Throttled calls", "Dead letters", "In table")

_BLIND_SECONDS = 60.0
"""A surge's first minute, of which the drain knows nothing: docs/drain.md, "What it cannot do"."""
_TABLE_FAULTS = frozenset({EmulatorFault.THROTTLE, EmulatorFault.DYNAMODB_5XX, EmulatorFault.PERMISSION})


def waits_text(now: StackSnapshot) -> str:
    """For how long the backlog lasts."""
    if not now.backlog:
        return "nothing waits: the table keeps up"
    if now.faults & _TABLE_FAULTS:
        return "until the fault ends: the table takes nothing now"
    text = f"{formatting.time_to_empty(now.seconds_to_empty, now.backlog)} until empty, if nothing more is sent"
    is_small = now.seconds_to_empty is not None and now.seconds_to_empty < _BLIND_SECONDS
    return f"{text}; up to a minute more while SQS does not show the surge" if is_small else text


def tiles(series: TimeSeries) -> list[Tile]:
    """One for each of `NAMES`, in that order."""
    now = series.latest
    if now is None or not series.points:
        return [Tile(name) for name in NAMES]
    rate, whole = formatting.rate, formatting.whole
    done = whole(now.puts + now.superseded)
    return [
        Tile("Accepted", rate(series.points[-1].accepted), "records/s", f"{whole(now.sent)} since the start"),
        Tile("Throttled calls", whole(now.throttles), "calls", f"beside {done} puts; none of them is an error"),
        Tile(
            "Dead letters",
            whole(now.dead_lettered),
            "messages",
            "reasons below" if now.dead_lettered else "no record was given up",
            alarming=now.dead_lettered > 0,
        ),
        Tile("In table", whole(now.items), "items", f"{count(now.superseded, 'older version')} refused"),
    ]
