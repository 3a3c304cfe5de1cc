"""`python -m dev.bench.drain.picture`: the same backlog drained by three policies, and by the ideal.

Writes docs/measurements/drain.svg: records of 4 KB and a table of one write unit a second, which is drain.csv's own
cell for the original pattern's table. It is simulated again for the lines; the figures are drain.csv's.
"""

import csv

from matplotlib.axes import Axes

from dev.bench.drain.measure import Case, drained, prepared
from dev.bench.drain.virtual import RESULTS, with_policies
from dev.bench.pictures import ADAPTIVE, FOREBAY, INK, ORIGINAL, label, picture, save
from dev.paths import ROOT
from dev.simulation.world import Setting

PICTURE = ROOT / "docs" / "measurements" / "drain.svg"
CASE = Case(Setting(units_per_second=1, burst_seconds=0, workers=2, verify_deletes=False), records=600)
_IDEAL_HOURS = CASE.records * CASE.units / CASE.setting.units_per_second / 3600
_COLORS = {"forebay": FOREBAY, "adaptive": ADAPTIVE, "original": ORIGINAL}
_HOURS = 2.4
_STEP_SECONDS = 10.0

Row = dict[str, str]


def rows() -> dict[str, Row]:
    """The case's rows of drain.csv, by policy."""
    setting = CASE.setting
    case = {
        "wcu": f"{setting.units_per_second}",
        "kilobytes": "4.0",
        "concurrency": f"{setting.workers}",
        "credit_seconds": f"{setting.burst_seconds}",
        "records": f"{CASE.records}",
    }
    with RESULTS.open(newline="") as file:
        return {row["policy"]: row for row in csv.DictReader(file) if case.items() <= row.items()}


def dead(row: Row) -> int:
    """Good records that were dead-lettered."""
    return round(float(row["dead_lettered"]) * int(row["records"]))


def stored(case: Case) -> tuple[list[float], list[int]]:
    """At each moment in hours, records that are in the table."""
    run = prepared(case, seed=1)
    world = run.world
    times: list[float] = []
    counts: list[int] = []

    def look() -> None:
        while world.clock.now <= _HOURS * 3600:
            times.append(world.clock.now / 3600)
            counts.append(len(world.table.items))
            world.clock.sleep(_STEP_SECONDS)

    world.clock.start(look)
    drained(run)
    # The world ends with its queue; what is in the table then stays so.
    return [*times, _HOURS], [*counts, len(world.table.items)]


def draw(axes: Axes) -> None:
    measured = rows()
    axes.plot([0, _IDEAL_HOURS, _HOURS], [0, CASE.records, CASE.records], "--", color=INK, linewidth=1.2)
    for case in with_policies(CASE):
        if case.policy.name in _COLORS:
            axes.plot(*stored(case), color=_COLORS[case.policy.name], linewidth=2.2)
    forebay, adaptive, original = (measured[name] for name in ("forebay", "adaptive", "original"))
    label(axes, (_IDEAL_HOURS, CASE.records * 1.06), "ideal: the table's own rate", INK, "center")
    text = f"Forebay: all {CASE.records} stored\ndrain: ${float(forebay['dollars']):,.2f} per million"
    label(axes, (0.74, 315), text, FOREBAY)
    text = f"botocore adaptive: all {CASE.records}\ndrain: ${float(adaptive['dollars']):,.0f} per million"
    label(axes, (1.24, 470), text, ADAPTIVE)
    text = f"original pattern: {CASE.records - dead(original)} stored,\n{dead(original)} good records dead-lettered"
    label(axes, (0.9, 75), text, ORIGINAL)


def main() -> None:
    figure, axes = picture(f"{CASE.records} records of 4 KB arrive at once: how many are in the table")
    axes.set(
        xlabel="hours since they arrived (a table of 1 write unit, no burst credit)", ylabel="records in the table"
    )
    axes.set(xlim=(0, _HOURS), ylim=(0, CASE.records * 1.12))
    draw(axes)
    save(figure, PICTURE)


if __name__ == "__main__":
    main()
