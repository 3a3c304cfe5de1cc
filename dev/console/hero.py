"""The one figure that the page is about, the backlog; and beside it what the table takes, and what it has saved up."""

from collections.abc import Callable

from nicegui import ui

from dev.console.formatting import UNKNOWN, rate, whole
from dev.console.state import ConsoleState
from dev.console.tiles import waits_text
from dev.console.time_series import TimeSeries


def hero(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card fb-hero"):
        ui.label("Backlog").classes("fb-title")
        with ui.element("div").classes("fb-tile-line"):
            backlog = ui.label().classes("fb-hero-value").props("data-testid=backlog")
            ui.label("records wait").classes("fb-tile-unit")
        waits = ui.label().classes("fb-hero-note").props("data-testid=time-to-empty")
        ui.label("Producers got their 202 already. What waits is hidden in SQS, and nobody is paid to wait.").classes(
            "fb-note"
        )
    with ui.element("section").classes("fb-card"):
        ui.label("Table").classes("fb-title")
        with ui.element("div").classes("fb-tile-line"):
            writes = ui.label().classes("fb-tile-value").props("data-testid=table-writes")
            unit = ui.label().classes("fb-tile-unit")
        with ui.element("div").classes("fb-gauge-head"):
            ui.label("Saved-up capacity").classes("fb-tile-name")
            level = ui.label().classes("fb-note").props("data-testid=saved-up")
        gauge = ui.linear_progress(0, show_value=False).props(
            'size=12px rounded animation-speed=200 aria-label="Saved-up capacity"'
        )
        gauge.classes("fb-gauge")
        ui.label(
            "Fills while the table rests, and empties in a burst: then the table takes more than it is provisioned for."
        ).classes("fb-note")

    def refresh() -> None:
        now = state.series.latest
        backlog.set_text(UNKNOWN if now is None else whole(now.backlog))
        waits.set_text(UNKNOWN if now is None else waits_text(now))
        writes.set_text(_writes(state.series))
        unit.set_text(f"of {whole(now.capacity)} write units/s provisioned, mean of 10 s" if now else "")
        level.set_text(f"{whole(max(0.0, now.saved_up))} of {whole(now.saved_up_max)} units" if now else UNKNOWN)
        gauge.set_value(max(0.0, now.saved_up) / now.saved_up_max if now and now.saved_up_max else 0)

    return refresh


def _writes(series: TimeSeries) -> str:
    return rate(series.points[-1].units) if series.points else UNKNOWN
