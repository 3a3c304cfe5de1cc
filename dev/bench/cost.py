"""`python -m dev.bench.cost`: when a buffer pays, by the planner's bill. Prints docs/cost.md's tables, writes cost.svg.

A table's load has a steady part, and every day a burst of ten minutes that brings 30 % of the table's daily capacity.

The original pattern is on the picture for each record that it *stores*. Its table is the same, and so is what the
producers send; its drain, and the share that it dead-letters, are drain.csv's: of a surge that the table needs five
minutes for. That is in its favour: of a longer surge it dead-letters more.
"""

import argparse
import csv
import sys
from typing import NamedTuple

from dev.bench.drain.virtual import RESULTS
from dev.paths import ROOT
from ops.plan import plan
from ops.prices import Bill, bill
from ops.workload import Workload

PICTURE = ROOT / "docs" / "cost.svg"
_DAY, _BURST_SECONDS, _BURST_SHARE = 86_400.0, 600.0, 0.3
_MILLION = 1_000_000
_MONTH_SECONDS = 730 * 3600
_BYTES = {1: 800, 2: 1500, 5: 4800}
"""Of a record of so many write units."""
_UNITS = (5, 20, 100, 500, 2000)
_LOADS = (0.4, 0.6, 0.8)


def workload(write_units: int, units: int, load: float, together: int) -> Workload:
    """`load`: the share of the table's capacity that is used on average."""
    rate = write_units / units
    burst_rate = rate * (load - _BURST_SHARE) + rate * _BURST_SHARE * _DAY / _BURST_SECONDS
    steady = rate * (load - _BURST_SHARE)
    return Workload(steady, burst_rate, _BURST_SECONDS, _DAY, _BYTES[units], write_units, records_per_request=together)


def per_million(load: Workload) -> tuple[float, float]:
    """Dollars for a million records: buffered (queue, consumer, the table's writes), and on demand."""
    billed: Bill = bill(plan(load))
    records = load.average_rate * _MONTH_SECONDS / _MILLION
    return billed.buffered_dollars / records, billed.on_demand.dollars / records


def table(units: int, together: int) -> str:
    lines = [f"| write units of the table | {' | '.join(f'{load:.0%} used' for load in _LOADS)} | on demand |"]
    lines.append("|---|" + "---|" * (len(_LOADS) + 1))
    for write_units in _UNITS:
        costs = [per_million(workload(write_units, units, load, together)) for load in _LOADS]
        cells = [f"**{buffered:.2f}**" if buffered < direct else f"{buffered:.2f}" for buffered, direct in costs]
        lines.append(f"| {write_units:,} | {' | '.join(cells)} | {costs[0][1]:.2f} |")
    return "\n".join(lines)


class OriginalCost(NamedTuple):
    write_units: int
    dollars: float
    """For a million records that are stored."""
    dead_lettered: float
    """The share of good records."""


def original(load: float) -> list[OriginalCost]:
    """With records of five units, ten a request, and a table that keeps burst credit."""
    chosen = {"kilobytes": "4.0", "concurrency": "2", "credit_seconds": "300", "policy": "original"}
    with RESULTS.open(newline="") as file:
        measured = [row for row in csv.DictReader(file) if chosen.items() <= row.items()]
    found = []
    for row in measured:
        write_units, dead = int(row["wcu"]), float(row["dead_lettered"])
        accepted = _without_drain(workload(write_units, 5, load, 10)) + float(row["dollars"])
        found.append(OriginalCost(write_units, accepted / (1 - dead), dead))
    return found


def _without_drain(load: Workload) -> float:
    """Dollars for a million records: the table's writes, what is sent to SQS, and the receives of an idle queue."""
    billed = bill(plan(load))
    lines = [line for line in billed.buffer if line.service in {"SQS, sending", "SQS, while empty"}]
    records = load.average_rate * _MONTH_SECONDS / _MILLION
    return sum(line.dollars for line in [billed.table[0], *lines]) / records


def draw(units: int = 5, load: float = 0.6) -> None:
    # Slow to import, and only the picture needs it.
    from dev.bench.pictures import FOREBAY, INK, ON_DEMAND, ORIGINAL, label, picture, save  # noqa: PLC0415

    figure, axes = picture(f"Dollars per million stored records of {units} write units")
    sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
    one, ten = ([per_million(workload(n, units, load, together))[0] for n in sizes] for together in (1, 10))
    on_demand = [per_million(workload(n, units, load, 1))[1] for n in sizes]
    pattern = original(load)
    axes.plot([each.write_units for each in pattern], [each.dollars for each in pattern], "o-", color=ORIGINAL)
    axes.plot(sizes, on_demand, color=ON_DEMAND, linewidth=2.2)
    axes.plot(sizes, one, "--", color=FOREBAY, linewidth=1.2)
    axes.plot(sizes, ten, color=FOREBAY, linewidth=2.2)
    axes.set(xscale="log", yscale="log", xlim=(0.9, 2300), ylim=(1, 50))
    axes.set_xticks([1, 5, 20, 100, 500, 2000], ["1", "5", "20", "100", "500", "2,000"])
    axes.set_yticks([1, 2, 3, 5, 10, 20, 50], ["$1", "$2", "$3", "$5", "$10", "$20", "$50"])
    axes.minorticks_off()
    axes.set_xlabel(f"write units of the table, which is {load:.0%} used on average")
    for each in (each for each in pattern if each.dead_lettered):
        label(axes, (each.write_units * 1.2, each.dollars * 1.22), f"{each.dead_lettered:.0%} dead-lettered", ORIGINAL)
    label(axes, (3.2, 12.5), "original pattern", ORIGINAL)
    label(axes, (700, 3.5), "on demand", ON_DEMAND, "center")
    label(axes, (20, 1.75), "Forebay, ten records a request", FOREBAY, "center")
    label(axes, (26, 4.3), "Forebay, one a request", FOREBAY)
    note = "table, queue and drain;\nthe table keeps 300 s of burst credit"
    axes.text(0.99, 0.98, note, color=INK, ha="right", va="top", transform=axes.transAxes)
    save(figure, PICTURE)


def main() -> int:
    argparse.ArgumentParser(prog="python -m dev.bench.cost", description=__doc__).parse_args()
    for units, size in _BYTES.items():
        for together in (1, 10):
            print(f"\nRecords of {size:,} bytes ({units} write units), {together} a request\n")
            print(table(units, together))
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
