"""The dead letters: their reasons, their contents, and how to send them back to the queue."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nicegui import ui

from dev.console.controls import attempt
from dev.console.dead_letters import SHOWN_MAX, DeadLettersOverview
from dev.console.formatting import UNKNOWN, byte_count
from dev.console.sender import ACTION_ERRORS
from dev.console.state import DEAD_LETTERS_READ_MAX, ConsoleState
from ops.dead_letter_queue import DeadLetterSummary
from ops.errors import error_line
from ops.formatting import count, printable, shortened

if TYPE_CHECKING:
    from ops.dead_letter import DeadLetter
    from ops.send_back_and_drop import Tally

_BODY_LENGTH_MAX = 20_000
_DETAIL_LENGTH_MAX = 120
_KEY_LENGTH_MAX = 40


def dead_letters_panel(state: ConsoleState) -> Callable[[], None]:
    with ui.element("section").classes("fb-card"):
        with ui.element("div").classes("fb-card-head"):
            ui.label("Dead letters").classes("fb-title")
            reasons = ui.element("div").classes("fb-reasons")

            async def send_all_back() -> None:
                await _send_back(state, None)

            send_all = ui.button("Send all back", on_click=send_all_back).props("flat dense no-caps")
        empty = ui.label().classes("fb-empty")
        rows = ui.element("div").classes("fb-letters").props("data-testid=letters")
        more = ui.label().classes("fb-note")
    shown: list[DeadLettersOverview | None] = [None]

    def refresh() -> None:
        summary = state.dead_letters
        empty.set_visibility(not summary.count)
        empty.set_text(_empty_text(state))
        if summary is shown[0]:
            return
        shown[0] = summary
        send_all.set_visibility(summary.count > 1)
        for part in (reasons, rows):
            part.clear()
        with reasons:
            for reason, number in summary.reasons.items():
                ui.label(f"{printable(reason)}: {number:,}").classes("fb-reason")
        with rows:
            for letter in summary.letters:
                _row(state, letter)
        hidden = summary.count - len(summary.letters)
        more.set_text(f"and {hidden:,} more; the first {SHOWN_MAX} are shown" if hidden else "")

    return refresh


def _empty_text(state: ConsoleState) -> str:
    """Why no dead letter is listed."""
    number = state.series.latest.dead_lettered if state.series.latest else 0
    if not number:
        return "None: no record was given up."
    if number > DEAD_LETTERS_READ_MAX:
        return f"{number:,} dead letters, too many to read for this page: python -m ops dead-letters list --local"
    return f"Reading {count(number, 'dead letter')} …"


def _row(state: ConsoleState, letter: DeadLetterSummary) -> None:
    async def show() -> None:
        await _show(state, letter.message_id)

    async def send_back() -> None:
        await _send_back(state, letter.message_id)

    with ui.element("div").classes("fb-letter"):
        with ui.element("div").classes("fb-letter-text"):
            ui.label(printable(letter.reason)).classes("fb-reason")
            detail = shortened(printable(letter.detail), _DETAIL_LENGTH_MAX)
            ui.label(detail or "moved here by SQS after too many receives")
            key = "no key" if letter.key is None else shortened(printable(letter.key.partition), _KEY_LENGTH_MAX)
            ui.label(f"{key}, {byte_count(letter.body_bytes)}, message {letter.message_id}").classes("fb-note")
        with ui.element("div").classes("fb-row"):
            ui.button("Show", on_click=show).props("flat dense no-caps")
            ui.button("Send back", on_click=send_back).props("outline dense no-caps")


async def _send_back(state: ConsoleState, message_id: str | None) -> None:
    try:
        tally: Tally = await state.send_back(message_id)
    except ACTION_ERRORS as error:
        ui.notify(error_line(error), type="negative")
        return
    if tally.sent:
        ui.notify(f"{count(tally.sent, 'dead letter')} sent back to the queue; what cannot be stored returns here")
    else:
        ui.notify("Nothing was sent back: it is gone, or hidden while somebody else reads it", type="warning")


async def _show(state: ConsoleState, message_id: str) -> None:
    found: list[DeadLetter | None] = []

    async def find() -> None:
        found.append(await state.find_dead_letter(message_id))

    if not await attempt(find()):
        return
    (letter,) = found
    with ui.dialog() as dialog, ui.card().classes("fb-dialog"):
        if letter is None:
            ui.label("It is no longer in the dead-letter queue.")
        else:
            _contents(letter)
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _contents(letter: "DeadLetter") -> None:
    ui.label(printable(letter.reason)).classes("fb-title")
    ui.label(printable(letter.detail)).classes("fb-note")
    for name, value in (
        ("message", letter.message_id),
        ("sent", letter.sent or UNKNOWN),
        ("dead-lettered", letter.dead_lettered or "by SQS, which does not record when"),
        ("size", byte_count(letter.body_bytes)),
    ):
        ui.label(f"{name}: {value}").classes("fb-note")
    ui.label(shortened(letter.text.decode(errors="replace"), _BODY_LENGTH_MAX)).classes("fb-body").props(
        "data-testid=body"
    )
