"""`python -m dev.bench.drain.picture`: the same backlog drained by every policy, and by the ideal.

Writes docs/measurements/drain.svg.
"""

import io

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from dev.bench.drain.measure import Case, Measured, drained, prepared
from dev.bench.drain.policies import POLICIES
from dev.bench.drain.virtual import with_policies
from dev.paths import ROOT
from dev.simulation.world import Setting

PICTURE = ROOT / "docs" / "measurements" / "drain.svg"
_CASE = Case(Setting(units_per_second=5, burst_seconds=300, workers=2), records=1000)
_IDEAL_SECONDS = _CASE.records * _CASE.units / _CASE.setting.units_per_second
_SECONDS = 1200
_STEP = 2.0
_COLORS = {"forebay": "#0a9d6a", "waiting": "#4a7fd6", "adaptive": "#c98a0b", "original": "#d6453a"}
_LABELS = {
    "forebay": "Forebay",
    "waiting": "workers that sleep",
    "adaptive": "botocore adaptive",
    "original": "original pattern",
}
_INK, _PAPER, _GRID = "#24292f", "#fdfdfd", "#d8dbdf"
_DARK = {_INK: "#d8dee6", _PAPER: "#0e1218", _GRID: "#343b45"}


def unstored(case: Case) -> tuple[list[float], list[int], Measured]:
    """At each moment, records that are not in the table; and what was measured in the end."""
    run = prepared(case, seed=1)
    world = run.world
    times: list[float] = []
    counts: list[int] = []

    def look() -> None:
        while world.clock.now <= _SECONDS:
            times.append(world.clock.now)
            counts.append(case.records - len(world.table.items))
            world.clock.sleep(_STEP)

    world.clock.start(look)
    measured = drained(run)
    # The world ends with its queue; what is not in the table then stays so.
    left = case.records - len(world.table.items)
    return [*times, times[-1] + _STEP, _SECONDS], [*counts, left, left], measured


def _label(name: str, measured: Measured) -> str:
    dead = round(measured.dead_lettered * _CASE.records)
    lost = f", {dead} dead-lettered" if dead else ""
    return f"{_LABELS[name]}: ${measured.dollars:.2f}{lost}"


def _with_dark_mode(svg: str) -> str:
    """The same picture in other colours where the reader prefers dark ones."""
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark} !important}}'
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    )
    return svg.replace("</style>", f"@media (prefers-color-scheme:dark){{{rules}}}</style>", 1)


def main() -> None:
    # No fonts or times in it, so that the same measurement is the same file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "forebay", "font.family": "sans-serif"})
    plt.rcParams.update({"text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _INK, "grid.color": _GRID})
    plt.rcParams.update({"xtick.color": _INK, "ytick.color": _INK})
    plt.rcParams.update({"figure.facecolor": _PAPER, "axes.facecolor": _PAPER})
    figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
    axes.plot([0, _IDEAL_SECONDS], [_CASE.records, 0], "--", color=_INK, linewidth=1.2, label="ideal")
    for policy, case in zip(POLICIES, with_policies(_CASE), strict=True):
        times, counts, measured = unstored(case)
        axes.plot(times, counts, color=_COLORS[policy.name], label=_label(policy.name, measured))
    axes.set(
        xlabel="seconds since the burst",
        ylabel="records not in the table",
        title=f"{_CASE.records:,} records of 4 KB, {_CASE.setting.units_per_second} write units a second",
        xlim=(0, _SECONDS),
        ylim=(0, _CASE.records * 1.02),
    )
    title = "dollars per million records, and good records dead-lettered"
    figure.legend(loc="outside lower center", ncols=2, frameon=False, title=title)
    axes.grid(visible=True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    text = io.StringIO()
    figure.savefig(text, metadata={"Date": None})
    PICTURE.write_text(_with_dark_mode(text.getvalue()))
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
