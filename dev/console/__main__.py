"""`python -m dev.console`: the console on loopback, until its standard input closes. `dev.local.stack` starts it."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from nicegui import app, background_tasks, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse

from dev.console.page import page
from dev.console.settings import Settings
from dev.console.state import Desk
from dev.local.emulator import LOOPBACK, TOKEN_PATH

_ICON = Path(__file__).with_name("icon.svg").read_text()


def main() -> None:
    settings = Settings.from_environment(os.environ)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each poll
    desk = Desk(settings)

    @app.get(TOKEN_PATH)
    def token() -> PlainTextResponse:
        return PlainTextResponse(settings.token)

    @ui.page("/")
    def index() -> None:
        page(desk)

    # Loopback only, and by its own names only: no other site's page may come here by a name that leads to loopback.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
    app.on_startup(lambda: background_tasks.create(desk.run(), name="poll"))
    app.on_shutdown(desk.stop)
    threading.Thread(target=_until_standard_input_closes, daemon=True).start()
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


def _until_standard_input_closes() -> None:
    """Whoever started the console may be killed without a word; then the pipe closes."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
