"""The page: each tab gets its own, and all of them show the same state."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from nicegui import ui

from dev.console import charts
from dev.console.controls import capacity_card, comparison_card, faults_card, send_card
from dev.console.dead_letters_panel import dead_letters_panel
from dev.console.hero import hero
from dev.console.money_panel import money_panel
from dev.console.recent_records_panel import recent_records_panel
from dev.console.state import POLL_SECONDS, ConsoleState
from dev.console.tiles import NAMES, tiles
from dev.console.time_series import ChartPoint, Json
from ops.formatting import count

_STYLE = Path(__file__).with_name("style.css")
_SPANS = {60: "1 min", 300: "5 min", 900: "15 min"}
_MODE_ICONS = {None: "brightness_auto", True: "dark_mode", False: "light_mode"}
_NEXT_MODE = {None: True, True: False, False: None}


def page(state: ConsoleState) -> None:
    ui.add_css(_STYLE)
    ui.colors(primary="#0f8a80")
    dark = ui.dark_mode(None)
    refreshers: list[Callable[[], None]] = []
    with ui.element("div").classes("fb-page") as content:  # NiceGUI puts it into a <main>
        refreshers += [_header(state, dark), _banner(state)]
        with ui.element("div").classes("fb-columns"):
            with ui.element("div").classes("fb-main"):
                with ui.element("div").classes("fb-top"):
                    refreshers += [hero(state)]
                refreshers += [money_panel(state), _tiles(state), _charts(state)]
                refreshers += [dead_letters_panel(state), recent_records_panel(state)]
            with ui.element("aside").classes("fb-side"):
                refreshers += [send_card(state), faults_card(state), capacity_card(state), comparison_card(state)]

    def refresh() -> None:
        content.classes(replace="fb-page fb-stale" if state.series.error else "fb-page")
        for each in refreshers:
            each()

    refresh()
    ui.timer(POLL_SECONDS, refresh)


def _header(state: ConsoleState, dark: ui.dark_mode) -> Callable[[], None]:
    with ui.element("header").classes("fb-header"):
        ui.label("Forebay").classes("fb-name")
        ui.label("bursts go in, the table is written at its own rate").classes("fb-tagline")
        status = ui.label().classes("fb-state").props("data-testid=state")
        with ui.element("nav").classes("fb-links"):
            ui.link("API", f"{state.settings.api_url}/docs", new_tab=True)

            def next_mode() -> None:
                dark.value = _NEXT_MODE[dark.value]
                button.props(f"icon={_MODE_ICONS[dark.value]}")

            button = ui.button(on_click=next_mode)
            button.props(f'flat round dense icon={_MODE_ICONS[None]} aria-label="Light or dark"')
            button.tooltip("as the system, dark, light")

    def refresh() -> None:
        series = state.series
        if series.error:
            text, kind = "no answer", "bad"
        elif series.latest is None:
            text, kind = "connecting …", "idle"
        elif state.faults:
            text, kind = "fault active", "warn"
        elif series.latest.backlog:
            text, kind = "draining", "busy"
        elif dead := series.latest.dead_lettered:
            text, kind = count(dead, "dead letter"), "bad"
        else:
            text, kind = "empty", "idle"
        status.set_text(text)
        status.classes(replace=f"fb-state fb-{kind}")

    return refresh


def _banner(state: ConsoleState) -> Callable[[], None]:
    banner = ui.label().classes("fb-banner").props("role=alert")

    def refresh() -> None:
        series = state.series
        banner.set_visibility(bool(series.error))
        if series.error:
            since = datetime.fromtimestamp(series.error_since).astimezone().strftime("%H:%M:%S")
            banner.set_text(
                f"The stack has not answered since {since} ({series.error}). The page shows the state before that;"
                " it asks again every second."
            )

    return refresh


def _tiles(state: ConsoleState) -> Callable[[], None]:
    shown: list[tuple[ui.element, ui.label, ui.label, ui.label]] = []
    with ui.element("section").classes("fb-tiles"):
        for name in NAMES:
            slug = name.lower().replace(" ", "-")
            with ui.element("div").classes("fb-tile") as tile:
                ui.label(name).classes("fb-tile-name")
                with ui.element("div").classes("fb-tile-line"):
                    value = ui.label().classes("fb-tile-value").props(f"data-testid={slug}")
                    unit = ui.label().classes("fb-tile-unit")
                note = ui.label().classes("fb-tile-note")
            shown.append((tile, value, unit, note))

    def refresh() -> None:
        for now, (tile, value, unit, note) in zip(tiles(state.series), shown, strict=True):
            value.set_text(now.value)
            unit.set_text(now.unit)
            note.set_text(now.note)
            tile.classes(replace="fb-tile fb-tile-alarm" if now.alarming else "fb-tile")

    return refresh


def _charts(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("Throughput and backlog").classes("fb-title")
            span = ui.toggle(_SPANS, value=300).props("dense flat no-caps").classes("fb-toggle")
        empty = ui.label("Nothing has been sent yet. Send the burst, and watch the backlog grow and shrink.")
        empty.classes("fb-empty")
        drawn: list[tuple[ui.echart, Callable[[list[ChartPoint]], list[Json]]]] = [
            (
                _chart(
                    "Backlog, in records",
                    [
                        ("backlog", charts.TEAL),
                        ("not stored by the original pattern, if it runs", charts.PURPLE),
                    ],
                    tall=True,
                ),
                charts.backlog_lines,
            ),
            (
                _chart("Records a second", [("accepted", charts.BLUE), ("written to the table", charts.GREEN)]),
                charts.records_lines,
            ),
            (
                _chart(
                    "Write units a second, mean of 10 s",
                    [("consumed", charts.GREEN), ("provisioned", charts.GREY)],
                ),
                charts.table_lines,
            ),
        ]
    last: list[tuple[float, object]] = [(0.0, None)]

    def refresh() -> None:
        series = state.series
        empty.set_visibility(bool(series.latest and not series.latest.sent))
        points = charts.last_seconds(series.points, span.value) if series.points else []
        current = (points[-1].at if points else 0.0, span.value)
        if current == last[0]:
            return
        last[0] = current
        for chart, lines in drawn:
            _draw(chart, points, lines, span.value)

    span.on_value_change(refresh)
    return refresh


def _chart(title: str, legend: list[tuple[str, str]], *, tall: bool = False) -> ui.echart:
    """A tall one is the one that a phone shows too."""
    rest = "" if tall else " fb-chart-rest"
    with ui.element("div").classes(f"fb-chart-head{rest}"):
        ui.label(title).classes("fb-chart-title")
        for name, colour in legend:
            with ui.element("span").classes("fb-key"):
                ui.element("i").style(f"background:{colour}")
                ui.label(name)
    chart = ui.echart(charts.empty_chart(title), renderer="svg")
    return chart.classes("fb-chart fb-chart-tall" if tall else f"fb-chart{rest}")


def _draw(
    chart: ui.echart, points: list[ChartPoint], lines: Callable[[list[ChartPoint]], list[Json]], seconds: float
) -> None:
    chart.options["series"] = lines(points)
    chart.options["xAxis"].update(charts.time_bounds(points, seconds))
    chart.update()
