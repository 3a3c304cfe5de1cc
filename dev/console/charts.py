"""The charts' options and lines for ECharts. Pure. The style sheet colours the texts, for light and dark mode."""

from collections.abc import Callable, Iterable, Sequence

from dev.console.time_series import ChartPoint, Json

BLUE, TEAL, GREEN, GREY, PURPLE = "#3b82f6", "#14a3a3", "#2f9e5f", "#8a94a0", "#a855c8"
_SPAN_SECONDS_MIN = 60
_FAINT = "rgba(128,138,150,0.22)"


def records_lines(points: Sequence[ChartPoint]) -> list[Json]:
    return [
        _line("accepted", BLUE, points, lambda p: p.accepted, area=0.25),
        _line("written to the table", GREEN, points, lambda p: p.records),
    ]


def backlog_lines(points: Sequence[ChartPoint]) -> list[Json]:
    lines = [_line("backlog", TEAL, points, lambda p: p.backlog, area=0.35)]
    if any(point.original_unstored is not None for point in points):
        name = "not stored by the original pattern"
        lines.append(_line(name, PURPLE, points, lambda p: p.original_unstored, dashed=True))
    return lines


def table_lines(points: Sequence[ChartPoint]) -> list[Json]:
    return [
        _line("consumed", GREEN, points, lambda p: p.units, area=0.25),
        {**_line("provisioned", GREY, points, lambda p: p.capacity, dashed=True), "step": "end"},
    ]


def empty_chart(description: str) -> Json:
    """Options of a chart without lines; the description is for screen readers."""
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
        "aria": {"enabled": True, "label": {"description": description}},
        "series": [],
    }


def last_seconds(points: Iterable[ChartPoint], seconds: float) -> list[ChartPoint]:
    """The points of the last `seconds`."""
    all_points = list(points)
    return [point for point in all_points if point.at >= all_points[-1].at - seconds]


def time_bounds(points: Sequence[ChartPoint], seconds: float) -> Json:
    """Of the time axis, in Unix milliseconds: no wider than the points, and at least a minute."""
    if not points:
        return {}
    end = points[-1].at
    begin = max(end - seconds, min(points[0].at, end - _SPAN_SECONDS_MIN))
    return {"min": round(begin * 1000), "max": round(end * 1000)}


def _line(
    name: str,
    colour: str,
    points: Sequence[ChartPoint],
    value: Callable[[ChartPoint], float | None],
    *,
    area: float = 0.0,
    dashed: bool = False,
) -> Json:
    line: Json = {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "color": colour,
        "lineStyle": {"width": 2, "type": "dashed" if dashed else "solid"},
        "data": [[round(point.at * 1000), _rounded(value(point))] for point in points],
    }
    return {**line, "areaStyle": {"opacity": area}} if area else line


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
