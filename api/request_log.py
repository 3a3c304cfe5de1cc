"""Around every request: an id, in its answer and in the logs; a line of log; and an answer whatever happens."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from itertools import count

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import InternalError, response_of
from telemetry.frames import traceback_frames

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
_HEADER_BYTES = HEADER.lower().encode("ascii")
ROUTE_PATH = "forebay_route_path"
"""Of the ASGI scope: the route's path, set by who takes a request before FastAPI's router does."""
_FROM_CLIENT = re.compile(r"[A-Za-z0-9._:-]{1,128}")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; logs carry it."""


class Requests:
    """An ASGI middleware, the outermost, so that no answer leaves without passing it."""

    def __init__(self, app: ASGIApp, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _identity(scope)
        token = request_id.set(identity)
        began = self._monotonic()
        status = 0
        header = (_HEADER_BYTES, identity.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("client_gone")
        except Exception as error:  # noqa: BLE001 - the last resort: whatever went wrong, the client gets an answer
            # The trace names places, not contents; the error's own text could quote a record, so it is left out.
            log.error("internal_error", extra={"cause": type(error).__name__, "at": traceback_frames(error)})
            if not status:
                problem = response_of(InternalError("something is wrong here; it is in the log under the request's id"))
                await problem(scope, receive, send_with_id)
        finally:
            log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "route": scope.get(ROUTE_PATH) or getattr(scope.get("route"), "path", None),
                    "status": status,
                    "milliseconds": round((self._monotonic() - began) * 1000, 1),
                },
            )
            request_id.reset(token)


def _identity(scope: Scope) -> str:
    """The id that the client gave, so that it finds its request in the logs, or a new one."""
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER_BYTES), "")
    return given if _FROM_CLIENT.fullmatch(given) else _made()


_numbers = count()


@cache
def _process() -> str:
    """At the first request and not before: a snapshot of the process must not give all of its copies one name."""
    return secrets.token_hex(8)


def _made() -> str:
    """32 hexadecimal digits: the process's own, and a number."""
    return f"{_process()}{next(_numbers):016x}"
