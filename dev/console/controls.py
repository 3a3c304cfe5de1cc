"""The page's controls: sending, the table's capacity, injected faults, and the original pattern to compare with."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from dev.console import generated_load
from dev.console.formatting import UNKNOWN, whole
from dev.console.sender import ACTION_ERRORS
from dev.console.state import ConsoleState
from dev.local.fault_injection import EmulatorFault
from ops.errors import error_line

_WCU_MAX = 1000
_FAULTS = {
    EmulatorFault.THROTTLE: (
        "Throttle all writes",
        "the table refuses every write; no record is lost or dead-lettered",
    ),
    EmulatorFault.SQS_DOWN: ("SQS down", "the API answers 503 and never a false 202"),
    EmulatorFault.DYNAMODB_5XX: (
        "DynamoDB 5xx",
        "the consumer retries within its invocation, then the messages return to the queue",
    ),
    EmulatorFault.PERMISSION: (
        "Access denied",
        "every put is denied; messages are redelivered at growing intervals, and none is lost",
    ),
}


async def attempt(action: Awaitable[object], done: str = "") -> bool:
    """Whether the action succeeded. The tab shows the error, or the text `done`."""
    try:
        await action
    except ACTION_ERRORS as error:
        ui.notify(error_line(error) or type(error).__name__, type="negative", multi_line=True)
        return False
    if done:
        ui.notify(done, type="positive")
    return True


def send_card(state: ConsoleState) -> Callable[[], None]:
    with _card("Send"):
        burst = ui.button("Send the burst", color=None)
        burst.on_click(lambda: state.send("burst", generated_load.burst(), generated_load.BURST_RECORDS, 0))
        burst.props("unelevated no-caps").classes("fb-wide fb-primary")
        ui.label("the original pattern's: 50 records of 4 KB, the ids 1 to 10 five times").classes("fb-note")
        with ui.element("div").classes("fb-fields"):
            rate = _number("Rate", 20, "/s")
            size = _number("Size", 1000, "B")
            length = _number("Length", 10, "s")
        with ui.element("div").classes("fb-row"):
            start = ui.button("Send the load").props("outline no-caps")
            stop = ui.button("Stop", on_click=state.sender.stop).props("flat no-caps color=negative")
        progress_label = ui.label().classes("fb-note").props("data-testid=sending role=status")

    def send_load() -> None:
        try:
            load = generated_load.GeneratedLoad(*(int(field.value or 0) for field in (rate, size, length)))
        except generated_load.LoadInvalid as error:
            ui.notify(str(error), type="warning")
            return
        name = f"load-{state.series.latest.sent if state.series.latest else 0}"
        state.send("load", load.requests(name), load.records, 1)

    start.on_click(send_load)

    def refresh() -> None:
        progress = state.sender.progress
        sending = progress is not None and not progress.ended
        for button in (burst, start):
            button.set_enabled(not sending)
        stop.set_visibility(sending)
        if progress is None:
            progress_label.set_text("")
            return
        text = f"{progress.name}: {whole(progress.accepted)} of {whole(progress.total)} accepted"
        progress_label.set_text(f"{text}. {progress.error}" if progress.error else text)
        progress_label.classes(replace="fb-note fb-error" if progress.error else "fb-note")

    return refresh


def capacity_card(state: ConsoleState) -> Callable[[], None]:
    with _card("Table capacity"):
        now = ui.label().classes("fb-note").props("data-testid=capacity")

        async def provision(units: int) -> None:
            await attempt(state.provision(units), f"Provisioned: {units:,} write units a second")

        async def provision_chosen() -> None:
            units = int(number.value or 0)
            if 1 <= units <= _WCU_MAX:
                await provision(units)
            else:
                ui.notify(f"Write capacity: 1 to {_WCU_MAX:,} units a second", type="warning")

        with ui.element("div").classes("fb-row"):
            number = _number("Write units", 10, "/s")
            ui.button("Set", on_click=provision_chosen).props("outline no-caps")
        with ui.element("div").classes("fb-row"):
            for units in (1, 5, 25, 100):
                ui.button(f"{units}", on_click=lambda units=units: provision(units)).props(
                    f'outline dense no-caps aria-label="{units} write units"'
                ).classes("fb-chip")
        ui.label("the limiter applies it at once; the consumer notices within half a minute").classes("fb-note")

    shown: list[int] = []

    def refresh() -> None:
        latest = state.series.latest
        if latest and shown != [latest.capacity]:  # not while somebody types another
            shown[:] = [latest.capacity]
            number.set_value(latest.capacity)
        now.set_text(f"now {whole(latest.capacity)} write units/s" if latest else UNKNOWN)

    return refresh


def faults_card(state: ConsoleState) -> Callable[[], None]:
    switches: dict[str, ui.switch] = {}

    def on_change(name: str) -> Callable[[], Awaitable[None]]:
        async def set_fault() -> None:
            active = bool(switches[name].value)
            if active != (name in state.faults):
                await attempt(state.set_fault(name, active=active))

        return set_fault

    with _card("Faults"):
        with ui.element("div").classes("fb-switches"):
            for fault, (title, note) in _FAULTS.items():
                switches[fault] = ui.switch(title, on_change=on_change(fault)).props("dense").classes("fb-switch")
                switches[fault].tooltip(note)
        button = ui.button("Send poison messages", on_click=lambda: attempt(state.send_poison(), "Four messages sent"))
        button.props("outline no-caps").classes("fb-wide")
        poison = ui.label().classes("fb-note").props("data-testid=poison")

    def refresh() -> None:
        poison.set_text(_poison_text(state))
        for name, switch in switches.items():
            if switch.value != (name in state.faults):
                switch.set_value(name in state.faults)

    return refresh


def _poison_text(state: ConsoleState) -> str:
    progress = state.poison
    if not progress.sent:
        return f"{len(generated_load.POISON)} messages that can never be stored, straight to the queue"
    return f"poison: {whole(progress.waiting)} wait in the queue, {whole(progress.dead_lettered)} dead-lettered"


def comparison_card(state: ConsoleState) -> Callable[[], None]:
    with _card("Side by side", "the original pattern gets the same records, and a table of the same capacity"):
        start = ui.button("Run the original pattern too").props("outline no-caps").classes("fb-wide")
        with ui.element("div").classes("fb-comparison").props("data-testid=comparison") as grid:
            for head in ("", "Forebay", "original"):
                ui.label(head).classes("fb-comparison-head")
            cells: list[tuple[ui.label, ui.label]] = []
            for name in ("in the queue", "dead-lettered", "items in its table"):
                ui.label(name).classes("fb-note")
                cells.append((ui.label(), ui.label()))
        note = "It dead-letters a record after 20 receives, 20 s apart: after about seven minutes."
        ui.label(note).classes("fb-note")

    async def run() -> None:
        start.disable()
        if not await attempt(state.start_original_pattern(), "It gets what is sent from now on"):
            start.enable()

    start.on_click(run)

    def refresh() -> None:
        now, at_start = state.series.latest, state.comparison_start
        start.set_visibility(state.original is None)
        grid.set_visibility(bool(now and now.original))
        if now and now.original and at_start:
            pairs = (
                (now.backlog, now.original.backlog),
                (now.dead_lettered - at_start.dead_lettered, now.original.dead_lettered),
                (now.items, now.original.stored),
            )
            for (forebay_label, original_label), (forebay, original) in zip(cells, pairs, strict=True):
                forebay_label.set_text(whole(forebay))
                original_label.set_text(whole(original))

    return refresh


def _card(title: str, note: str = "") -> ui.element:
    card = ui.element("section").classes("fb-card")
    with card:
        ui.label(title).classes("fb-title")
        if note:
            ui.label(note).classes("fb-note")
    return card


def _number(label: str, value: int, unit: str) -> ui.number:
    """Without bounds of its own, which would change what was typed without a word: the action says what is wrong."""
    number = ui.number(label, value=value, precision=0)
    return number.props(f'dense outlined suffix="{unit}" hide-bottom-space').classes("fb-field")
