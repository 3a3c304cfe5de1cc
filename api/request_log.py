"""A middleware around every request: headers of every answer, an id that the logs have too, and always an answer."""

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from itertools import count

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import SCOPE_CODE, InternalError, response_of
from telemetry.frames import traceback_frames

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
_REFUSED = 400
_HEADER_BYTES = HEADER.lower().encode("ascii")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
"""A browser shall not take a record for a page."""
_ID_OF_CLIENT = re.compile(r"[A-Za-z0-9._:-]{1,128}")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; logs carry it."""


class RequestLog:
    """An ASGI middleware, the outermost of the app's list."""

    def __init__(self, app: ASGIApp, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _id_of(scope)
        token = request_id.set(identity)
        began = self._monotonic()
        status = 0
        header = (_HEADER_BYTES, identity.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header, _NO_SNIFFING]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("client_disconnected")
        except Exception as error:  # noqa: BLE001 - the last resort: whatever went wrong, the client gets an answer
            # The frames name functions, not contents; the error's own text could quote a record, so it is left out.
            log.error("internal_error", extra={"cause": type(error).__name__, "at": traceback_frames(error)})
            scope[SCOPE_CODE] = InternalError.code
            if not status:
                problem = response_of(InternalError("an unexpected error; the log has it under the request's id"))
                await problem(scope, receive, send_with_id)
        finally:
            log.log(
                logging.INFO if status < _REFUSED else logging.WARNING,
                "request",
                extra={
                    "method": scope["method"],
                    "route": getattr(scope.get("route"), "path", None),
                    "status": status,
                    "code": scope.get(SCOPE_CODE),
                    "milliseconds": round((self._monotonic() - began) * 1000, 1),
                },
            )
            request_id.reset(token)


def _id_of(scope: Scope) -> str:
    """The id that the client gave, so that it finds its request in the logs, or a new one."""
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER_BYTES), "")
    return given if _ID_OF_CLIENT.fullmatch(given) else _new_id()


_numbers = count()


@cache
def _process_id() -> str:
    """Made at the first request and not before: copies of a snapshot of the process must not share it."""
    return secrets.token_hex(8)


def _new_id() -> str:
    """32 hexadecimal digits: the process's own 16, and a number."""
    return f"{_process_id()}{next(_numbers):016x}"
