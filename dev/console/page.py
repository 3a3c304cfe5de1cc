"""The page: one for each tab, all of one desk."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from nicegui import ui

from dev.console import charts
from dev.console import controls as levers
from dev.console import dead_letters_panel as lists
from dev.console.state import POLL_SECONDS, Desk
from dev.console.tiles import NAMES, tiles
from dev.console.time_series import Json, Point

_STYLE = Path(__file__).with_name("style.css")
_SPANS = {60: "1 min", 300: "5 min", 900: "15 min"}


def page(desk: Desk) -> None:
    ui.add_css(_STYLE)
    ui.colors(primary="#0f8a80")
    dark = ui.dark_mode(None)
    refreshers: list[Callable[[], None]] = []
    with ui.element("main").classes("fb-page"):
        refreshers.append(_header(desk, dark))
        refreshers.append(_banner(desk))
        refreshers.append(_tiles(desk))
        with ui.element("div").classes("fb-columns"):
            with ui.element("div").classes("fb-main"):
                refreshers.append(_charts(desk))
                refreshers.append(lists.last_records(desk))
                refreshers.append(lists.dead_letters(desk))
            with ui.element("aside").classes("fb-side"):
                refreshers += [levers.send(desk), levers.capacity(desk), levers.faults(desk), levers.beside(desk)]

    def refresh() -> None:
        for each in refreshers:
            each()

    refresh()
    ui.timer(POLL_SECONDS, refresh)


def _header(desk: Desk, dark: ui.dark_mode) -> Callable[[], None]:
    with ui.element("header").classes("fb-header"):
        ui.label("Forebay").classes("fb-name")
        ui.label("the surge goes in, the table draws at its own rate").classes("fb-claim")
        state = ui.label().classes("fb-state").props("data-testid=state")
        with ui.element("nav").classes("fb-links"):
            ui.link("API", f"{desk.settings.api_url}/docs", new_tab=True)

            def turn() -> None:
                dark.value = {None: True, True: False, False: None}[dark.value]
                button.props(f"icon={_MODES[dark.value]}")

            button = ui.button(on_click=turn).props(f'flat round dense icon={_MODES[None]} aria-label="Light or dark"')
            button.tooltip("as the system, dark, light")

    def refresh() -> None:
        series = desk.series
        if series.trouble:
            text, kind = "no answer", "bad"
        elif series.reading is None:
            text, kind = "connecting …", "idle"
        elif desk.faults:
            text, kind = "fault on request", "warn"
        elif series.reading.backlog:
            text, kind = "draining", "busy"
        else:
            text, kind = "empty", "idle"
        state.set_text(text)
        state.classes(replace=f"fb-state fb-{kind}")

    return refresh


_MODES = {None: "brightness_auto", True: "dark_mode", False: "light_mode"}


def _banner(desk: Desk) -> Callable[[], None]:
    banner = ui.label().classes("fb-banner").props("role=alert")

    def refresh() -> None:
        series = desk.series
        banner.set_visibility(bool(series.trouble))
        if series.trouble:
            since = datetime.fromtimestamp(series.trouble_since).astimezone().strftime("%H:%M:%S")
            banner.set_text(
                f"The stack has not answered since {since} ({series.trouble}). What is shown is from before;"
                " it is asked again every second."
            )

    return refresh


def _tiles(desk: Desk) -> Callable[[], None]:
    shown: list[tuple[ui.element, ui.label, ui.label, ui.label]] = []
    with ui.element("section").classes("fb-tiles"):
        for name in NAMES:
            slug = name.lower().replace(" ", "-")
            with ui.element("div").classes("fb-tile") as tile:
                ui.label(name).classes("fb-tile-name")
                with ui.element("div").classes("fb-tile-line"):
                    value = ui.label().classes("fb-tile-value").props(f"data-testid={slug}")
                    unit = ui.label().classes("fb-tile-unit")
                aside = ui.label().classes("fb-tile-aside")
            shown.append((tile, value, unit, aside))

    def refresh() -> None:
        for told, (tile, value, unit, aside) in zip(tiles(desk.series), shown, strict=True):
            value.set_text(told.value)
            unit.set_text(told.unit)
            aside.set_text(told.aside)
            tile.classes(replace="fb-tile fb-tile-alarm" if told.alarming else "fb-tile")

    return refresh


def _charts(desk: Desk) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("In, pool, out").classes("fb-title")
            span = ui.toggle(_SPANS, value=300).props("dense flat no-caps").classes("fb-toggle")
        empty = ui.label("Nothing has been sent yet: send the burst, and watch the backlog swell and fall.").classes(
            "fb-empty"
        )
        drawn = [
            (
                _chart("In: records a second", [("accepted", charts.BLUE), ("taken by the table", charts.GREEN)]),
                charts.accepted,
            ),
            (
                _chart(
                    "Pool: records that wait",
                    [
                        ("backlog", charts.TEAL),
                        ("of it in flight", charts.ORANGE),
                        ("not stored by the original pattern, if it runs", charts.PURPLE),
                    ],
                    tall=True,
                ),
                charts.backlog,
            ),
            (
                _chart(
                    "Out: write units a second, mean of 10 s",
                    [("taken", charts.GREEN), ("provisioned", charts.ORANGE), ("throttled calls", charts.RED)],
                ),
                charts.table,
            ),
        ]
    last: list[tuple[float, object]] = [(0.0, None)]

    def refresh() -> None:
        series = desk.series
        empty.set_visibility(bool(series.reading and not series.reading.sent))
        points = charts.span(series.points, span.value) if series.points else []
        state = (points[-1].at if points else 0.0, span.value)
        if state == last[0]:
            return
        last[0] = state
        for chart, lines in drawn:
            _draw(chart, points, lines, span.value)

    span.on_value_change(refresh)
    return refresh


def _chart(title: str, legend: list[tuple[str, str]], *, tall: bool = False) -> ui.echart:
    with ui.element("div").classes("fb-chart-head"):
        ui.label(title).classes("fb-chart-title")
        for name, colour in legend:
            with ui.element("span").classes("fb-key"):
                ui.element("i").style(f"background:{colour}")
                ui.label(name)
    chart = ui.echart(charts.options(title), renderer="svg")
    return chart.classes("fb-chart fb-chart-tall" if tall else "fb-chart")


def _draw(chart: ui.echart, points: list[Point], lines: Callable[[list[Point]], list[Json]], seconds: float) -> None:
    chart.options["series"] = lines(points)
    chart.options["xAxis"].update(charts.bounds(points, seconds))
    chart.update()
