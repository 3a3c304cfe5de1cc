"""The records that were put last, and how long each took."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from dev.console.formatting import milliseconds
from dev.console.record_timings import RecordTiming, timings_of
from dev.console.state import ConsoleState
from ops.formatting import printable, shortened

_ROWS = 10
_ID_LENGTH_MAX = 40
_COLUMNS = [
    {"name": "id", "label": "record", "field": "id", "align": "left"},
    {"name": "accepted", "label": "accepted (UTC)", "field": "accepted", "align": "left"},
    {"name": "queue", "label": "→ queue", "field": "queue", "align": "right"},
    {"name": "table", "label": "→ table", "field": "table", "align": "right"},
    {"name": "units", "label": "write units", "field": "units", "align": "right"},
]


def recent_records_panel(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("Last records put").classes("fb-title")
            summary = ui.label().classes("fb-note")
        empty = ui.label("None yet. Records that reach the table are shown here with their times.").classes("fb-empty")
        table = ui.table(columns=_COLUMNS, rows=[], row_key="version").props("dense flat").classes("fb-table")
        table.props('data-testid="records"')

    def refresh() -> None:
        latest = state.series.latest
        timings = timings_of(latest.last_puts) if latest else []
        empty.set_visibility(not timings)
        table.set_visibility(bool(timings))
        summary.set_text(_summary(timings))
        rows = [_row(timing) for timing in timings[:_ROWS]]
        if rows != table.rows:
            table.rows = rows

    return refresh


def _row(timing: RecordTiming) -> dict[str, Any]:
    return {
        "version": timing.version,
        "id": shortened(printable(timing.id), _ID_LENGTH_MAX),
        "accepted": timing.accepted[11:23],
        "queue": milliseconds(timing.to_queue_ms),
        "table": milliseconds(timing.to_table_ms),
        "units": f"{timing.units:g}",
    }


def _summary(timings: list[RecordTiming]) -> str:
    if not timings:
        return ""
    waited = sorted(timing.total_ms for timing in timings)
    median, most = waited[len(waited) // 2], waited[-1]
    return f"of the last {len(timings)}, half were put within {milliseconds(median)}, all within {milliseconds(most)}"
