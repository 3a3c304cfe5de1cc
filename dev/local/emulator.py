"""`python -m dev.local.emulator`: MiniStack with the capacity limiter, on loopback, until its standard input closes.

Reads GATEWAY_PORT (MiniStack's own), BURST_SECONDS and STACK_TOKEN. `GET /_forebay/token` answers STACK_TOKEN, so that
whoever started the emulator knows that the process on the port is theirs. `dev.local.control_api` has the other paths.
"""

import asyncio
import os
import signal
import sys
import threading
import time

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack

from dev.local.capacity_limiter import App, CapacityLimiter, Receive, Scope, Send
from dev.local.control_api import with_control
from dev.local.counters import Meters
from dev.local.fault_injection import Faults

LOOPBACK = "127.0.0.1"
TOKEN_PATH = "/_forebay/token"  # noqa: S105 - a path


def with_token(app: App, token: str) -> App:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != TOKEN_PATH:
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": token.encode()})

    return answering


async def main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def until_standard_input_closes() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    # Whoever started the emulator may be killed without a word; then the pipe closes.
    threading.Thread(target=until_standard_input_closes, daemon=True).start()

    config = Config()
    config.bind = [f"{LOOPBACK}:{os.environ['GATEWAY_PORT']}"]
    config.graceful_timeout = 1
    config.keep_alive_timeout = 75
    token, meters = os.environ["STACK_TOKEN"], Meters()
    limited = CapacityLimiter(ministack, float(os.environ["BURST_SECONDS"]), time.monotonic, meters)
    faults = Faults(limited, meters)
    app = with_token(with_control(faults, token, faults, meters), token)
    await serve(app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type] # hypercorn types ASGI more narrowly


if __name__ == "__main__":
    asyncio.run(main())
