"""The last records with their way through, and the dead letters."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import ui

from dev.console import formatting as words
from dev.console.controls import attempt
from dev.console.dead_letters import SHOWN_MAX, Known
from dev.console.record_timings import Way, ways_of
from dev.console.state import LETTERS_MAX, TROUBLES, Desk
from ops.dead_letter_queue import DeadLetterSummary
from ops.errors import error_line
from ops.formatting import count, printable, shortened

if TYPE_CHECKING:
    from ops.dead_letter import DeadLetter
    from ops.send_back_and_drop import Tally

_RECORDS = 10
_BODY_LENGTH_MAX = 20_000
_COLUMNS = [
    {"name": "id", "label": "record", "field": "id", "align": "left"},
    {"name": "accepted", "label": "accepted (UTC)", "field": "accepted", "align": "left"},
    {"name": "queue", "label": "→ queue", "field": "queue", "align": "right"},
    {"name": "table", "label": "→ table", "field": "table", "align": "right"},
    {"name": "units", "label": "write units", "field": "units", "align": "right"},
]


def last_records(desk: Desk) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("Last records put").classes("fb-title")
            summary = ui.label().classes("fb-aside")
        empty = ui.label("None yet: what reaches the table is here with its times.").classes("fb-empty")
        table = ui.table(columns=_COLUMNS, rows=[], row_key="version").props("dense flat").classes("fb-table")
        table.props('data-testid="records"')

    def refresh() -> None:
        reading = desk.series.reading
        ways = ways_of(reading.last_puts) if reading else []
        empty.set_visibility(not ways)
        table.set_visibility(bool(ways))
        summary.set_text(_summary(ways))
        rows = [_row(way) for way in ways[:_RECORDS]]
        if rows != table.rows:
            table.rows = rows

    return refresh


def _row(way: Way) -> dict[str, Any]:
    return {
        "version": way.version,
        "id": shortened(printable(way.id), 40),
        "accepted": way.accepted[11:23],
        "queue": words.milliseconds(way.to_queue_ms),
        "table": words.milliseconds(way.to_table_ms),
        "units": f"{way.units:g}",
    }


def _summary(ways: list[Way]) -> str:
    if not ways:
        return ""
    middle = sorted(way.all_ms for way in ways)[len(ways) // 2]
    return f"of the last {len(ways)}: half were in the table within {words.milliseconds(middle)}"


def dead_letters(desk: Desk) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("Dead letters").classes("fb-title")
            reasons = ui.element("div").classes("fb-reasons")

            async def all_back() -> None:
                await _send_back(desk, None)

            everything = ui.button("Send all back", on_click=all_back).props("flat dense no-caps")
        empty = ui.label().classes("fb-empty")
        rows = ui.element("div").classes("fb-letters").props("data-testid=letters")
        more = ui.label().classes("fb-aside")
    shown: list[Known | None] = [None]

    def refresh() -> None:
        known = desk.known
        empty.set_visibility(not known.count)
        empty.set_text(_none(desk))
        if known is shown[0]:
            return
        shown[0] = known
        everything.set_visibility(known.count > 1)
        for part in (reasons, rows):
            part.clear()
        with reasons:
            for reason, number in known.reasons.items():
                ui.label(f"{printable(reason)}: {number:,}").classes("fb-reason")
        with rows:
            for letter in known.letters:
                _letter(desk, letter)
        hidden = known.count - len(known.letters)
        more.set_text(f"and {hidden:,} more: the first {SHOWN_MAX} are shown" if hidden else "")

    return refresh


def _none(desk: Desk) -> str:
    """Why none is listed."""
    there = desk.series.reading.dead_lettered if desk.series.reading else 0
    if not there:
        return "None: nothing was given up."
    if there > LETTERS_MAX:
        return f"{there:,} dead letters, too many to be read for this page: python -m ops dead-letters list --local"
    return f"Reading {count(there, 'dead letter')} …"


def _letter(desk: Desk, letter: DeadLetterSummary) -> None:
    async def look() -> None:
        await _look(desk, letter.message_id)

    async def back() -> None:
        await _send_back(desk, letter.message_id)

    with ui.element("div").classes("fb-letter"):
        with ui.element("div").classes("fb-letter-text"):
            ui.label(printable(letter.reason)).classes("fb-reason")
            detail = shortened(printable(letter.detail), 120) or "SQS gave it up after too many receives"
            ui.label(detail)
            key = "no key" if letter.key is None else shortened(printable(letter.key.partition), 40)
            ui.label(f"{key}, {words.of_bytes(letter.body_bytes)}, message {letter.message_id}").classes("fb-aside")
        with ui.element("div").classes("fb-row"):
            ui.button("Look", on_click=look).props("flat dense no-caps")
            ui.button("Send back", on_click=back).props("outline dense no-caps")


async def _send_back(desk: Desk, message_id: str | None) -> None:
    try:
        tally: Tally = await desk.send_back(message_id)
    except TROUBLES as error:
        ui.notify(error_line(error), type="negative")
        return
    if tally.sent:
        ui.notify(f"{count(tally.sent, 'dead letter')} back on the queue; what cannot be stored comes again here")
    else:
        ui.notify("Nothing was sent back: it is not there any more, or somebody else looks at it", type="warning")


async def _look(desk: Desk, message_id: str) -> None:
    found: list[DeadLetter | None] = []

    async def find() -> None:
        found.append(await desk.find(message_id))

    if not await attempt(find()):
        return
    (letter,) = found
    with ui.dialog() as dialog, ui.card().classes("fb-dialog"):
        if letter is None:
            ui.label("It is not in the dead-letter queue any more.")
        else:
            ui.label(printable(letter.reason)).classes("fb-title")
            ui.label(printable(letter.detail)).classes("fb-aside")
            for name, value in (
                ("message", letter.message_id),
                ("sent", letter.sent or words.UNKNOWN),
                ("dead-lettered", letter.dead_lettered or "by SQS, which does not say when"),
                ("size", words.of_bytes(letter.body_bytes)),
            ):
                ui.label(f"{name}: {value}").classes("fb-aside")
            ui.label(shortened(letter.body, _BODY_LENGTH_MAX)).classes("fb-body").props("data-testid=body")
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()
