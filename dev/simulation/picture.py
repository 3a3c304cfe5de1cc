"""`python -m dev.simulation.picture SEED BUG FILE.svg`: the story of a planted bug, as a picture for the docs."""

import logging
import sys
from itertools import pairwise

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from dev.simulation.path.runner import story
from dev.simulation.path.story import Event

_INK, _FAINT, _BROKEN, _PAUSE = "#39424e", "#aab2bd", "#b42318", "#8a94a1"
_ROW, _SHIFT = 0.34, 0.05
_LAST = "last client"


def draw(events: list[Event], path: str) -> None:
    """A column for each who, a row for each event; a pause is a gap with its length."""
    mpl.rcParams["svg.hashsalt"] = "forebay"  # the same picture, the same file
    columns = list(dict.fromkeys(event.who for event in events))
    width = 2.6 + 2.3 * len(columns)
    figure, axes = plt.subplots(figsize=(width, 0.9 + _ROW * len(events)))
    axes.set_xlim(-0.55, len(columns) - 0.05)
    axes.set_ylim(len(events) - 0.3, -1.3)
    axes.axis("off")
    for position, who in enumerate(columns):
        axes.text(position, -0.95, who, color=_INK, weight="bold", ha="left", size=10)
        axes.plot([position, position], [-0.6, len(events) - 0.5], color=_FAINT, linewidth=0.8, zorder=0)
    for row, event in enumerate(events):
        _draw_event(axes, row, columns.index(event.who), event, is_last=row == len(events) - 1)
    for row, (before, after) in enumerate(pairwise(events)):
        if after.at - before.at > 1:
            axes.text(-0.52, row + 0.62, f"… {after.at - before.at:.1f} s", color=_PAUSE, size=7, ha="left")
    figure.savefig(path, bbox_inches="tight", facecolor="white", metadata={"Date": None})


def _draw_event(axes: Axes, row: int, column: int, event: Event, *, is_last: bool) -> None:
    color = _BROKEN if is_last else _INK
    text = event.text.partition(":")[0] if is_last else event.text
    axes.text(-0.52, row + 0.08, f"{event.at:.3f} s", color=_PAUSE, size=8, ha="left")
    axes.plot([column], [row], "o", color=color, markersize=5)
    axes.text(
        column + _SHIFT,
        row + 0.1,
        text,
        color=color,
        size=8,
        ha="left",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )


def main() -> int:
    seed, bug, path = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    events = story(int(seed), bug).events
    # That all is well again, and how the world finds out, is not the story of this bug.
    healed = next((position for position, event in enumerate(events) if event.who == "world"), len(events))
    kept = [*events[:healed], events[-1]]
    draw([event for event in kept if event.who != _LAST], path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
