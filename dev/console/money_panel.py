"""What the load costs, live."""

from collections.abc import Callable

from nicegui import ui

from dev.console import money
from dev.console.formatting import UNKNOWN, dollars
from dev.console.state import ConsoleState
from ops.live_cost import Meters

_ROWS_MAX = 3


def money_panel(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card").props("data-testid=money"):
        ui.label("Money").classes("fb-title").tooltip(
            "By the planner's prices (us-east-1) and this stack's own meters. A month repeats what came so far, as soon"
            " as the table has written it, and once a minute at most."
        )
        empty = ui.label("Send something, and see what it costs.").classes("fb-empty")
        with ui.element("div").classes("fb-money") as grid:
            heads = [
                ui.label(head).classes("fb-money-head")
                for head in ("", "so far", "a month like this", "per million stored")
            ]
            rows = [[ui.label() for _ in range(4)] for _ in range(_ROWS_MAX)]
        waiting = ui.label().classes("fb-hero-note").props("data-testid=waiting-cost")
        parts = ui.label().classes("fb-note")

    def refresh() -> None:
        now = state.series.latest
        since = state.comparison_start.meters if state.comparison_start else Meters()
        ways = money.ways(now, since) if now else []
        empty.set_visibility(not ways)
        for shown in (grid, waiting, parts):
            shown.set_visibility(bool(ways))
        if not now or not ways:
            return
        heads[1].set_text("since both run" if state.comparison_start else "so far")
        for number, row in enumerate(rows):
            for label in row:
                label.set_visibility(number < len(ways))
            if number < len(ways):
                way = ways[number]
                million = UNKNOWN if way.million is None else dollars(way.million)
                for label, text in zip(row, (way.name, dollars(way.so_far), dollars(way.month), million), strict=True):
                    label.set_text(text)
        waiting.set_text(money.waiting(state.series.waited_seconds))
        parts.set_text(f"Forebay's month: {money.parts(now, since)}.")

    return refresh
