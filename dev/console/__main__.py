"""`python -m dev.console`: the console on loopback, until its standard input closes. `dev.local.stack` starts it."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from nicegui import app, background_tasks, ui
from starlette.responses import PlainTextResponse

from dev.console.page import page
from dev.console.settings import ConsoleSettings
from dev.console.state import ConsoleState
from dev.local.browser_guard import BrowserGuard
from dev.local.loopback import LOOPBACK, TOKEN_PATH

_ICON = Path(__file__).with_name("icon.svg").read_text()


def main() -> None:
    settings = ConsoleSettings.from_environment(os.environ)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs a line for each poll
    state = ConsoleState(settings)

    @app.get(TOKEN_PATH)
    def token() -> PlainTextResponse:
        return PlainTextResponse(settings.token)

    @app.get("/backlog")
    def backlog() -> PlainTextResponse:
        """For `make burst`: how many records wait. Empty while that is not known."""
        latest = None if state.series.error else state.series.latest
        return PlainTextResponse("" if latest is None else str(latest.backlog))

    @ui.page("/")
    def index() -> None:
        page(state)

    # Around the socket too: NiceGUI itself lets pages of every origin connect to it.
    app.add_middleware(BrowserGuard, linked=frozenset({"/"}))
    app.on_startup(lambda: background_tasks.create(state.poll_forever(), name="poll"))
    app.on_shutdown(state.stop)
    threading.Thread(target=_stop_when_standard_input_closes, daemon=True).start()
    ui.run(
        host=LOOPBACK,
        port=settings.port,
        title="Forebay",
        favicon=_ICON,
        dark=None,
        reload=False,
        show=False,
        show_welcome_message=False,
        timeout_graceful_shutdown=1,
    )


def _stop_when_standard_input_closes() -> None:
    """The pipe closes even when whoever started the console was killed."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
