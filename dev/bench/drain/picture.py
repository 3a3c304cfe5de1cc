"""`python -m dev.bench.drain.picture`: the same backlog drained by every policy, and by the ideal.

Writes docs/measurements/drain.svg.
"""

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from dev.bench.drain.policies import POLICIES, Policy
from dev.bench.drain.virtual import Cell, world_of
from dev.paths import ROOT

PICTURE = ROOT / "docs" / "measurements" / "drain.svg"
_CELL = Cell(units_per_second=5, kilobytes=4, workers=2, burst_seconds=0, records=600)
_SECONDS = 1200
_STEP = 2.0
_COLORS = {"forebay": "#0a7d5a", "adaptive": "#b8860b", "original": "#c0392b", "ideal": "#7f8c8d"}
_LABELS = {"forebay": "Forebay", "adaptive": "botocore adaptive", "original": "original pattern", "ideal": "ideal"}


def unstored(policy: Policy) -> tuple[list[float], list[int], int]:
    """At each moment, records that are not in the table; and how many never will be."""
    world = world_of(_CELL, policy)
    times: list[float] = []
    counts: list[int] = []

    def look() -> None:
        while world.clock.now <= _SECONDS:
            times.append(world.clock.now)
            counts.append(_CELL.records - len(world.table.items))
            world.clock.sleep(_STEP)

    world.clock.start(look)
    world.drain(seconds_min=_SECONDS, seconds_max=_SECONDS)
    return times, counts, len(world.queue.redriven) + len(world.dead_letters)


def main() -> None:
    # No fonts or times in it, so that the same measurement is the same file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "forebay", "font.family": "sans-serif"})
    figure, axes = plt.subplots(figsize=(8, 4))
    figure.patch.set_facecolor("white")
    axes.plot([0, _CELL.ideal_seconds], [_CELL.records, 0], "--", color=_COLORS["ideal"], label=_LABELS["ideal"])
    for policy in POLICIES:
        times, counts, dead = unstored(policy)
        label = _LABELS[policy.name] + (f" ({dead} good records dead-lettered)" if dead else "")
        axes.plot(times, counts, color=_COLORS[policy.name], label=label)
    axes.set(
        xlabel="seconds since the burst",
        ylabel="records not in the table",
        title=f"{_CELL.records} records of 4 KB into a table of {_CELL.units_per_second} write units a second",
        xlim=(0, _SECONDS),
        ylim=(0, _CELL.records * 1.02),
    )
    axes.legend()
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
