"""What the load costs, live."""

from collections.abc import Callable

from nicegui import ui

from dev.console import money
from dev.console.formatting import UNKNOWN, dollars
from dev.console.state import ConsoleState

_ROWS_MAX = 3


def money_panel(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card").props("data-testid=money"):
        ui.label("Money").classes("fb-title").tooltip(
            "By the planner's prices (us-east-1) and this stack's own meters. A month goes on as it has since the first"
            " record."
        )
        empty = ui.label("Send something, and see what it costs.").classes("fb-empty")
        with ui.element("div").classes("fb-money") as grid:
            for head in ("", "so far", "a month like this", "per million stored"):
                ui.label(head).classes("fb-money-head")
            rows = [[ui.label() for _ in range(4)] for _ in range(_ROWS_MAX)]
        waiting = ui.label().classes("fb-hero-note").props("data-testid=waiting-cost")
        parts = ui.label().classes("fb-note")

    def refresh() -> None:
        now = state.series.latest
        ways = money.ways(now) if now else []
        empty.set_visibility(not ways)
        for shown in (grid, waiting, parts):
            shown.set_visibility(bool(ways))
        if not now or not ways:
            return
        for number, row in enumerate(rows):
            for label in row:
                label.set_visibility(number < len(ways))
            if number < len(ways):
                way = ways[number]
                million = UNKNOWN if way.million is None else dollars(way.million)
                for label, text in zip(row, (way.name, dollars(way.so_far), dollars(way.month), million), strict=True):
                    label.set_text(text)
        waiting.set_text(money.waiting(state.series.waited_seconds))
        parts.set_text(f"Forebay's month: {money.parts(now.meters)}.")

    return refresh
