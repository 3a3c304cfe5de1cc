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

from dev.local.asgi import App, BufferedResponse, Receive, Scope, Send
from dev.local.browser_guard import BrowserGuard
from dev.local.capacity_limiter import CapacityLimiter
from dev.local.control_api import with_control_api
from dev.local.counters import Counters
from dev.local.fault_injection import FaultInjector
from dev.local.loopback import LOOPBACK, TOKEN_PATH

_DOMAINS_OF_DEPLOYED_APIS = (b"execute-api.localhost", b"lambda-url.us-east-1.on.aws")
"""Where MiniStack has the names of HTTP APIs and function URLs. No attacker can let them resolve to loopback: one
domain is this machine's own, the other AWS's.
"""


def with_token(app: App, token: str) -> App:
    response = BufferedResponse(200, [(b"content-type", b"text/plain")], token.encode())

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == TOKEN_PATH:
            await response.send_to(send)
        else:
            await app(scope, receive, send)

    return answering


async def main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def stop_when_standard_input_closes() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    # The pipe closes even when whoever started the emulator was killed.
    threading.Thread(target=stop_when_standard_input_closes, daemon=True).start()

    config = Config()
    config.bind = [f"{LOOPBACK}:{os.environ['GATEWAY_PORT']}"]
    config.graceful_timeout = 1
    config.keep_alive_timeout = 75
    token, counters = os.environ["STACK_TOKEN"], Counters()
    limited = CapacityLimiter(ministack, float(os.environ["BURST_SECONDS"]), time.monotonic, counters)
    faults = FaultInjector(limited, counters)
    app = with_token(with_control_api(faults, token, faults, counters, limited), token)
    guarded = BrowserGuard(app, _DOMAINS_OF_DEPLOYED_APIS)
    await serve(guarded, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type] # hypercorn has narrower types


if __name__ == "__main__":
    asyncio.run(main())
