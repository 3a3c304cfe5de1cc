"""The levers: what is sent, what the table takes, what fails, and who drains beside."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from dev.console import formatting as words
from dev.console import workload as load
from dev.console.state import TROUBLES, Desk
from dev.local.fault_injection import Fault
from ops.errors import error_line

_WCU_MAX = 1000
_FAULTS = {
    Fault.THROTTLE: ("Throttle everything", "the table refuses every write; nothing is lost, and nothing gives up"),
    Fault.SQS_DOWN: ("SQS down", "the API answers 503 and never a false 202"),
    Fault.DYNAMODB_5XX: ("DynamoDB 5xx", "the consumer tries again within its invocation, then gives back"),
    Fault.PERMISSION: ("Broken permission", "every put is denied; messages come again ever later, and keep"),
}


async def attempt(work: Awaitable[object], done: str = "") -> bool:
    """Whether it was done; tells the tab either way."""
    try:
        await work
    except TROUBLES as error:
        ui.notify(error_line(error) or type(error).__name__, type="negative", multi_line=True)
        return False
    if done:
        ui.notify(done, type="positive")
    return True


def _card(title: str, aside: str = "") -> ui.element:
    card = ui.element("section").classes("fb-card")
    with card:
        ui.label(title).classes("fb-title")
        if aside:
            ui.label(aside).classes("fb-aside")
    return card


def send(desk: Desk) -> Callable[[], None]:
    with _card("Send"):
        burst = ui.button("Send the burst", color=None)
        burst.on_click(lambda: desk.send("burst", load.burst(), load.BURST_RECORDS, 0))
        burst.props("unelevated no-caps").classes("fb-wide fb-primary")
        ui.label("the original pattern's: 50 records of 4 KB, five times the ids 1 to 10").classes("fb-aside")
        with ui.element("div").classes("fb-fields"):
            rate = _number("Rate", 20, 1, load.RATE_MAX, "/s")
            size = _number("Size", 1000, load.BYTES_MIN, load.BYTES_MAX, "B")
            length = _number("Length", 10, 1, load.SECONDS_MAX, "s")
        with ui.element("div").classes("fb-row"):
            start = ui.button("Send the load").props("outline no-caps")
            stop = ui.button("Stop").props("flat no-caps color=negative")
        progress = ui.label().classes("fb-aside").props("data-testid=sending role=status")

    def send_load() -> None:
        try:
            chosen = load.Load(*(int(each.value or 0) for each in (rate, size, length)))
        except load.LoadInvalid as error:
            ui.notify(str(error), type="warning")
            return
        name = f"load-{desk.series.reading.sent if desk.series.reading else 0}"
        desk.send("load", chosen.requests(name), chosen.records, 1)

    def halt() -> None:
        if desk.sending:
            desk.sending.stopped = True

    start.on_click(send_load)
    stop.on_click(halt)

    def refresh() -> None:
        sending = desk.sending
        running = sending is not None and not sending.ended
        for button in (burst, start):
            button.set_enabled(not running)
        stop.set_visibility(running)
        if sending is None:
            progress.set_text("")
            return
        told = f"{sending.name}: {words.whole(sending.accepted)} of {words.whole(sending.of)} accepted"
        progress.set_text(f"{told}. {sending.trouble}" if sending.trouble else told)
        progress.classes(replace="fb-aside fb-trouble" if sending.trouble else "fb-aside")

    return refresh


def _number(label: str, value: int, least: int, most: int, unit: str) -> ui.number:
    number = ui.number(label, value=value, min=least, max=most, precision=0)
    return number.props(f'dense outlined suffix="{unit}" hide-bottom-space').classes("fb-field")


def capacity(desk: Desk) -> Callable[[], None]:
    with _card("Table capacity"):
        now = ui.label().classes("fb-aside").props("data-testid=capacity")

        async def provision(units: int) -> None:
            await attempt(desk.provision(units), f"Provisioned: {units:,} write units a second")

        async def chosen() -> None:
            units = int(number.value or 0)
            if 1 <= units <= _WCU_MAX:
                await provision(units)
            else:
                ui.notify(f"Write capacity: 1 to {_WCU_MAX:,} units a second", type="warning")

        with ui.element("div").classes("fb-row"):
            number = _number("Write units", 5, 1, _WCU_MAX, "/s")
            ui.button("Set", on_click=chosen).props("outline no-caps")
        with ui.element("div").classes("fb-row"):
            for units in (1, 5, 25, 100):
                ui.button(f"{units}", on_click=lambda units=units: provision(units)).props(
                    f'outline dense no-caps aria-label="{units} write units"'
                ).classes("fb-chip")
        ui.label("the limiter holds to it at once, and the drain finds it within half a minute").classes("fb-aside")

    def refresh() -> None:
        reading = desk.series.reading
        now.set_text(f"now {words.whole(reading.capacity)} write units/s" if reading else words.UNKNOWN)

    return refresh


def faults(desk: Desk) -> Callable[[], None]:
    switches: dict[str, ui.switch] = {}

    def lever(name: str) -> Callable[[], Awaitable[None]]:
        async def move() -> None:
            on = bool(switches[name].value)
            if on != (name in desk.faults):
                await attempt(desk.set_fault(name, on=on))

        return move

    with _card("Faults"):
        for fault, (title, aside) in _FAULTS.items():
            switches[fault] = ui.switch(title, on_change=lever(fault)).props("dense").classes("fb-switch")
            ui.label(aside).classes("fb-aside fb-under")
        button = ui.button("Put poison on the queue", on_click=lambda: attempt(desk.poison(), "Four messages put"))
        button.props("outline no-caps").classes("fb-wide")
        ui.label(f"{len(load.POISON)} messages that can never be stored, past the API").classes("fb-aside")

    def refresh() -> None:
        for name, switch in switches.items():
            if switch.value != (name in desk.faults):
                switch.set_value(name in desk.faults)

    return refresh


def beside(desk: Desk) -> Callable[[], None]:
    with _card("Side by side", "the same records, drained by the original pattern into a table of the same capacity"):
        start = ui.button("Run the original pattern beside").props("outline no-caps").classes("fb-wide")
        with ui.element("div").classes("fb-beside").props("data-testid=beside") as grid:
            for head in ("", "Forebay", "original"):
                ui.label(head).classes("fb-beside-head")
            cells: list[tuple[ui.label, ui.label]] = []
            for name in ("in the queue", "dead-lettered", "items stored"):
                ui.label(name).classes("fb-aside")
                cells.append((ui.label(), ui.label()))
        note = ui.label("From the next record on. It gives records up after 20 receives 20 s apart: seven minutes.")
        note.classes("fb-aside")

    async def run() -> None:
        start.disable()
        if not await attempt(desk.run_the_original_beside(), "It gets what is sent from now on"):
            start.enable()

    start.on_click(run)

    def refresh() -> None:
        now, origin = desk.series.reading, desk.beside_from
        start.set_visibility(desk.original is None)
        grid.set_visibility(bool(now and now.beside))
        if now and now.beside and origin:
            pairs = (
                (now.backlog, now.beside.backlog),
                (now.dead_lettered - origin.dead_lettered, now.beside.dead_lettered),
                (now.items - origin.items, now.beside.stored),
            )
            for (ours, theirs), (forebay, original) in zip(cells, pairs, strict=True):
                ours.set_text(words.whole(forebay))
                theirs.set_text(words.whole(original))

    return refresh
