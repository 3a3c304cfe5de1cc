"""A middleware for requests in absolute form: `POST http://host/records HTTP/1.1`, as clients send them to a proxy.

A server has to take them (RFC 9112, section 3.2.2), but uvicorn's h11 hands the whole target on as the path.
"""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_ABSOLUTE = re.compile(rb"https?://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)


class AbsoluteForm:
    """The app sees the path alone, still exactly as it was sent, and the authority as Host, which it replaces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Lambda's events have no raw path. With `--root-path`, uvicorn has put that in front of the target.
        root_path = scope.get("root_path", "")
        target = (scope.get("raw_path") or b"/").removeprefix(root_path.encode())
        if not target.startswith(b"/") and (found := _ABSOLUTE.fullmatch(target)):
            authority, path = found[1], found[2] or b"/"
            scope["raw_path"] = root_path.encode() + path
            scope["path"] = root_path + unquote(path.decode("ascii"))
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"] = [(b"host", authority.rpartition(b"@")[2]), *others]
        await self._app(scope, receive, send)
