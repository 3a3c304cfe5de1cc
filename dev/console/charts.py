"""The charts as ECharts wants them. Pure. Texts get their colours from the style sheet, by light or dark."""

from collections.abc import Callable, Iterable, Sequence

from dev.console.time_series import Json, Point

BLUE, TEAL, GREEN, ORANGE, RED, PURPLE = "#3b82f6", "#14a3a3", "#2f9e5f", "#e08a1e", "#dc4c4c", "#a855c8"
_SPAN_SECONDS_MIN = 60
_FAINT = "rgba(128,138,150,0.22)"


def accepted(points: Sequence[Point]) -> list[Json]:
    return [
        _line("accepted", BLUE, points, lambda p: p.accepted, area=0.25),
        _line("taken by the table", GREEN, points, lambda p: p.records),
    ]


def backlog(points: Sequence[Point]) -> list[Json]:
    lines = [
        _line("backlog", TEAL, points, lambda p: p.backlog, area=0.35),
        _line("of it in flight", ORANGE, points, lambda p: p.in_flight, width=1),
    ]
    if any(point.beside is not None for point in points):
        lines.append(_line("not stored by the original pattern", PURPLE, points, lambda p: p.beside, dashed=True))
    return lines


def table(points: Sequence[Point]) -> list[Json]:
    return [
        _line("taken", GREEN, points, lambda p: p.units, area=0.25),
        {**_line("provisioned", ORANGE, points, lambda p: p.capacity, dashed=True), "step": "end"},
        _line("throttled calls a second", RED, points, lambda p: p.throttles, width=1),
    ]


def options(unit: str) -> Json:
    """Of an empty chart."""
    return {
        "animation": False,
        "grid": {"left": 44, "right": 14, "top": 12, "bottom": 24},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"lineStyle": {"color": _FAINT}}},
        "xAxis": {
            "type": "time",
            "splitNumber": 4,
            "axisLine": {"lineStyle": {"color": _FAINT}},
            "axisLabel": {"hideOverlap": True, "formatter": "{HH}:{mm}:{ss}"},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "minInterval": 1,
            "splitNumber": 3,
            "splitLine": {"lineStyle": {"color": _FAINT}},
            "axisLabel": {"hideOverlap": True},
        },
        "aria": {"enabled": True, "label": {"description": unit}},
        "series": [],
    }


def span(points: Iterable[Point], seconds: float) -> list[Point]:
    """The points of the last seconds."""
    all_points = list(points)
    return [point for point in all_points if point.at >= all_points[-1].at - seconds]


def bounds(points: Sequence[Point], seconds: float) -> Json:
    """Of the time axis: not wider than what there is, and not narrower than a minute."""
    if not points:
        return {}
    end = points[-1].at
    begin = max(end - seconds, min(points[0].at, end - _SPAN_SECONDS_MIN))
    return {"min": round(begin * 1000), "max": round(end * 1000)}


def _line(
    name: str,
    colour: str,
    points: Sequence[Point],
    value: Callable[[Point], float | None],
    *,
    area: float = 0.0,
    width: int = 2,
    dashed: bool = False,
) -> Json:
    line: Json = {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "color": colour,
        "lineStyle": {"width": width, "type": "dashed" if dashed else "solid"},
        "data": [[round(point.at * 1000), _rounded(value(point))] for point in points],
    }
    return {**line, "areaStyle": {"opacity": area}} if area else line


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
