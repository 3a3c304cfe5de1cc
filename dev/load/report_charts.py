"""The report's charts, as SVG without scripts. Their colours are the page's variables, for light and dark mode."""

import math
from collections.abc import Sequence
from html import escape

from dev.load.latencies import milliseconds
from dev.load.surge_result import SurgeResult

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 16, 34
_HEIGHT = 260
_ROW = 44
_TICKS = 5


def nice_step(most: float, ticks: int = _TICKS) -> float:
    """1, 2 or 5 times a power of ten, such that about `ticks` steps reach `most`."""
    rough = max(most, 1e-9) / ticks
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next((power * each for each in (1, 2, 5) if power * each >= rough), power * 10)


class _Plot:
    """A chart over seconds, `width` units wide, whose values begin at zero."""

    def __init__(self, width: int, seconds: int, most: float, name: str) -> None:
        self._width, self._seconds = width, seconds
        self._step = max(1.0, nice_step(most))
        self._top = self._step * math.ceil(max(most, 1) / self._step)
        self._name = name
        self._parts: list[str] = []
        self._axes()

    def x(self, seconds: float) -> float:
        return _LEFT + seconds / self._seconds * (self._width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self._top * (_HEIGHT - _TOP - _BOTTOM)

    def _axes(self) -> None:
        for n in range(round(self._top / self._step) + 1):
            y = self.y(n * self._step)
            self.add(f'<line class="grid" x1="{_LEFT}" x2="{self._width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            self.text(_LEFT - 6, y + 4, f"{n * self._step:,.0f}", "end")
        step = max(1, round(nice_step(self._seconds, 8 if self._width > 500 else 5)))  # noqa: PLR2004 - wider than a phone
        for at in range(0, self._seconds + 1, step):
            self.text(self.x(at), _HEIGHT - _BOTTOM + 16, f"{at}", "middle")
        self.text(self._width - _RIGHT, _HEIGHT - 3, "seconds", "end")

    def add(self, part: str) -> None:
        self._parts.append(part)

    def text(self, x: float, y: float, text: str, anchor: str) -> None:
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def steps(self, counts: Sequence[int]) -> str:
        """A path with one level step for each second's count."""
        points = [f"{self.x(at + end):.1f},{self.y(each):.1f}" for at, each in enumerate(counts) for end in (0, 1)]
        return "M" + " L".join(points)

    def closed(self, path: str) -> str:
        return f"{path} L{self.x(self._seconds):.1f},{self.y(0):.1f} L{self.x(0):.1f},{self.y(0):.1f} Z"

    def tooltips(self, texts: Sequence[str]) -> None:
        """A tooltip for each second."""
        wide, high = self.x(1) - self.x(0), _HEIGHT - _TOP - _BOTTOM
        for at, text in enumerate(texts):
            self.add(
                f'<rect class="tooltip" x="{self.x(at):.1f}" y="{_TOP}" width="{wide:.1f}" height="{high}">'
                f"<title>{escape(text)}</title></rect>"
            )

    def svg(self) -> str:
        return _svg(self._width, _HEIGHT, self._name, self._parts)


def _svg(width: int, height: int, name: str, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'


def rates_chart(result: SurgeResult, width: int) -> str:
    accepted, written = result.per_second(result.accepted), result.per_second(result.puts)
    most = max(*accepted, *written, result.write_units)
    plot = _Plot(width, result.seconds, most, "Records accepted and records put in each second")
    path = plot.steps(accepted)
    plot.add(f'<path class="accepted area" d="{plot.closed(path)}"/><path class="accepted line" d="{path}"/>')
    plot.add(f'<path class="written area" d="{plot.closed(plot.steps(written))}"/>')
    plot.add(f'<path class="written line" d="{plot.steps(written)}"/>')
    y = plot.y(result.write_units)
    plot.add(f'<line class="provisioned" x1="{plot.x(0):.1f}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    pairs = enumerate(zip(accepted, written, strict=True))
    plot.tooltips([f"second {at}: {a:,} accepted, {w:,} written to the table" for at, (a, w) in pairs])
    return plot.svg()


def backlog_chart(result: SurgeResult, width: int) -> str:
    points = result.backlog()
    plot = _Plot(width, result.seconds, result.greatest_backlog, "Records accepted and not yet in the table")
    path = "M" + " L".join(f"{plot.x(at):.1f},{plot.y(each):.1f}" for at, each in points)
    plot.add(f'<path class="backlog area" d="{plot.closed(path)}"/><path class="backlog line" d="{path}"/>')
    plot.tooltips([f"second {at:.0f}: {each:,} records waiting" for at, each in points[:-1:4]])
    return plot.svg()


def latencies_chart(result: SurgeResult, width: int) -> str:
    """For each kind of request, a line from the median to the maximum."""
    figures = {kind: stats.latencies.figures() for kind, stats in result.kinds.items()}
    most = max((each["max"] for each in figures.values() if each), default=0) * 1000
    step = nice_step(most)
    top = step * max(1, math.ceil(most / step))
    left, height = 62, _ROW * len(figures) + _BOTTOM
    parts = []

    def x(ms: float) -> float:
        return left + ms / top * (width - left - _RIGHT - 8)

    for n in range(round(top / step) + 1):
        at = x(n * step)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="4" y2="{height - _BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - _BOTTOM + 16}" text-anchor="middle">{n * step:g}</text>')
    parts.append(f'<text x="{width - _RIGHT}" y="{height - 3}" text-anchor="end">milliseconds</text>')
    for row, (kind, values) in enumerate(figures.items()):
        y = _ROW * row + _ROW / 2
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(kind)}</text>')
        ends = [x(value * 1000) for value in values.values()]
        if ends:
            parts.append(f'<line class="range" x1="{ends[0]:.1f}" x2="{ends[-1]:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        for name, value in reversed(values.items()):
            text = escape(f"{kind} {name}: {milliseconds(value)}")
            parts.append(
                f'<circle class="{name}" cx="{x(value * 1000):.1f}" cy="{y:.1f}" r="6"><title>{text}</title></circle>'
            )
    return _svg(width, height, "Latency of requests by kind", parts)


def dead_letters_chart(result: SurgeResult, width: int) -> str:
    rows = sorted(result.dead_letters.items())
    most = max(result.dead_letters.values(), default=1)
    left = 190
    parts = []
    for row, (reason, number) in enumerate(rows):
        y = 32 * row + 6
        wide = number / most * (width - left - 40)
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(reason)}</text>')
        parts.append(f'<rect class="dead" x="{left}" y="{y}" width="{wide:.1f}" height="20" rx="3"/>')
        parts.append(f'<text x="{left + wide + 6:.1f}" y="{y + 14}">{number:,}</text>')
    return _svg(width, 32 * len(rows) + 8, "Dead letters by reason", parts)
