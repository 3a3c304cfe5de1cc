"""What all pictures of measurements look like: half a page wide, and readable in light and in dark mode.

GitHub shows an SVG as an image, so that no style of the page reaches it. Its own style sheet asks for the reader's
colour scheme.
"""

import io
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, PAPER, GRID = "#24292f", "#ffffff", "#d8dbdf"
FOREBAY, ORIGINAL, ADAPTIVE, ON_DEMAND = "#0a7d5a", "#c0362c", "#9a6700", "#2f6fc4"
DARK = {
    INK: "#d8dee6",
    PAPER: "#0d1117",
    GRID: "#343b45",
    FOREBAY: "#3fc795",
    ORIGINAL: "#ff8078",
    ADAPTIVE: "#e0a83c",
    ON_DEMAND: "#79aef5",
}
_INCHES = (6.0, 4.6)


def picture(title: str) -> tuple[Figure, Axes]:
    # No fonts or times in it, so that the same measurement is the same file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "forebay", "font.family": "sans-serif"})
    plt.rcParams.update({"text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "grid.color": GRID})
    plt.rcParams.update({"xtick.color": INK, "ytick.color": INK, "font.size": 11})
    plt.rcParams.update({"figure.facecolor": PAPER, "axes.facecolor": PAPER})
    figure, axes = plt.subplots(figsize=_INCHES, layout="constrained")
    axes.set_title(title, loc="left", fontsize=12)
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def label(axes: Axes, at: tuple[float, float], text: str, color: str, across: str = "left") -> None:
    """Beside its line, in the line's colour."""
    axes.annotate(text, at, color=color, ha=across, va="center", linespacing=1.3)


def save(figure: Figure, path: Path) -> None:
    text = io.StringIO()
    figure.savefig(text, metadata={"Date": None})
    plt.close(figure)
    path.write_text(_with_dark_mode(text.getvalue()))
    print(f"wrote {path.name}")


def _with_dark_mode(svg: str) -> str:
    """The same picture in other colours where the reader prefers dark ones."""
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark} !important}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    return svg.replace("</style>", f"@media (prefers-color-scheme:dark){{{rules}}}</style>", 1)
