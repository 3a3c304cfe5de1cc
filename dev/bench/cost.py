"""`python -m dev.bench.cost`: when a buffer pays, by the planner's bill. Prints docs/cost.md's tables, writes cost.svg.

A table's load has a steady part, and every day a burst of ten minutes that brings 30 % of the table's daily capacity.
"""

import argparse
import sys
from collections.abc import Sequence

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


def draw(units: int = 5, load: float = 0.6) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415 - slow, and only the picture needs it

    plt.rcParams["svg.hashsalt"] = "forebay"
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    sizes = [5, 10, 20, 50, 100, 200, 500, 1000, 2000]
    lines: list[tuple[str, Sequence[float], str]] = [
        ("Forebay, one record a request", [per_million(workload(n, units, load, 1))[0] for n in sizes], "#1f77b4"),
        ("Forebay, ten records a request", [per_million(workload(n, units, load, 10))[0] for n in sizes], "#2ca02c"),
        ("on demand", [per_million(workload(n, units, load, 1))[1] for n in sizes], "#d62728"),
    ]
    for name, dollars, colour in lines:
        axes.plot(sizes, dollars, marker="o", color=colour, label=name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
    axes.set_xlabel("write units of the table")
    axes.set_ylabel("dollars per million records")
    axes.set_title(f"Records of {units} KB, a table that is {load:.0%} used: queue, consumer and the table's writes")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(PICTURE, metadata={"Date": None}, facecolor="white")


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
