"""The backlog from one burst to the next, as an SVG. Pure.

Between two moments of a plan the backlog changes evenly, so a few lines are all of the picture. It needs no library, so
whoever runs the operator's commands can draw it. Its colours follow the reader's light or dark mode.
"""

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from ops.advice import Advice
from ops.formatting import count, figure, precise_duration
from ops.plan import Plan, Waiting
from ops.workload import Workload

_WIDTH, _HEIGHT = 800, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 780, 84, 360
_TICKS, _GRID_LINES = 12, 6
_STYLE = """\
svg{background:#fff;color:#24292f;font:13px system-ui,sans-serif}
text{fill:currentColor}.title{font-size:16px;font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:#d8dbdf}.axis{stroke:#8c959f}.burst{fill:#8c959f;opacity:.18}
polyline{fill:none;stroke-width:2.5;stroke-linejoin:round}
.keeps{stroke:#0a7d55}.credit{stroke:#0a7d55;stroke-width:1.5;stroke-dasharray:6 4}.loses{stroke:#c93c31}
@media(prefers-color-scheme:dark){svg{background:#0e1218;color:#d8dee6}.grid{stroke:#343b45}
.keeps,.credit{stroke:#2fc08b}.loses{stroke:#ff7b6b}}"""
_DURATIONS = [
    *((60.0 * n, 60.0, "minutes") for n in (1, 2, 5, 10, 15, 30)),
    *((3600.0 * n, 3600.0, "hours") for n in (1, 2, 3, 4, 6, 12)),
    *((86_400.0 * n, 86_400.0, "days") for n in (1, 2, 5, 10, 20, 50, 100)),
]
"""Steps between ticks in seconds, and the unit of their numbers."""


def picture(advice: Advice) -> str:
    given, chosen = advice.given, advice.chosen.plan
    lines = [] if given.keeps_all else [("loses", given.first_period, _label(given, "it loses records"))]
    lines.append(("keeps", chosen.first_period, _label(chosen, "it drains")))
    if chosen.first_period_with_credit != chosen.first_period:
        lines.append(("credit", chosen.first_period_with_credit, "the same with all burst credit"))
    return _drawn(given, lines)


def _label(planned: Plan, verdict: str) -> str:
    return f"{count(planned.workload.write_units, 'write unit')}: {verdict}"


def _drawn(planned: Plan, lines: Sequence[tuple[str, Sequence[Waiting], str]]) -> str:
    """`lines`: the class, the curve and the label of each."""
    workload = planned.workload
    period = workload.period_seconds
    step, tops = _step(max(moment.records for _, curve, _ in lines for moment in curve))
    top = step * tops

    def x(seconds: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * seconds / period, 1)

    def y(records: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * records / top, 1)

    title = escape(_title(workload))
    burst = f'width="{x(workload.burst_seconds) - _LEFT:.1f}" height="{_BOTTOM - _TOP}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="20" y="28">{title}</text>',
        *_legend(lines),
        f'<rect class="burst" x="{_LEFT}" y="{_TOP}" {burst}/>',
    ]
    for n in range(tops + 1):
        at = y(n * step)
        parts.append(f'<line class="{"grid" if n else "axis"}" x1="{_LEFT}" x2="{_RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="end" x="{_LEFT - 8}" y="{at + 4:.1f}">{figure(n * step)}</text>')
    parts += _time_axis(period, x)
    for name, curve, _ in lines:
        points = " ".join(f"{x(moment.seconds)},{y(moment.records)}" for moment in curve)
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    return "\n".join([*parts, "</svg>\n"])


def _title(workload: Workload) -> str:
    burst = f"{figure(workload.burst_rate)}/s for {precise_duration(workload.burst_seconds)}"
    return f"Records that wait: {burst}, {figure(workload.rate)}/s until the next burst"


def _legend(lines: Sequence[tuple[str, Sequence[Waiting], str]]) -> list[str]:
    parts = []
    for n, (name, _, label) in enumerate(lines):
        left = 20 + n * 255
        parts.append(f'<polyline class="{name}" points="{left},54 {left + 28},54"/>')
        parts.append(f'<text x="{left + 36}" y="58">{escape(label)}</text>')
    return parts


def _time_axis(period: float, x: Callable[[float], float]) -> list[str]:
    step, unit, name = next((each for each in _DURATIONS if period / each[0] <= _TICKS), _DURATIONS[-1])
    parts = []
    for n in range(math.floor(period / step) + 1):
        at = x(n * step)
        parts.append(f'<line class="axis" x1="{at}" x2="{at}" y1="{_BOTTOM}" y2="{_BOTTOM + 5}"/>')
        parts.append(f'<text class="middle" x="{at}" y="{_BOTTOM + 20}">{figure(n * step / unit)}</text>')
    label = f"{name} since the burst began (grey: the burst)"
    return [*parts, f'<text class="middle" x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 44}">{label}</text>']


def _step(greatest: float) -> tuple[float, int]:
    """From line to line of the grid, and how many steps reach above `greatest`."""
    if greatest <= 0:
        return 1.0, 1
    magnitude = 10.0 ** math.floor(math.log10(greatest / _GRID_LINES))
    step = next(n * magnitude for n in (1, 2, 5, 10) if greatest / (n * magnitude) <= _GRID_LINES)
    return step, math.ceil(greatest / step)
