"""A middleware that closes a server on loopback to the web pages which the user's browser has open.

A browser sends what a page asks for to every address, loopback too. Programs are not affected: they send neither
`Origin` nor `Sec-Fetch-Site`.
"""

from http import HTTPStatus

from dev.local.asgi import App, AsgiMessage, BufferedResponse, Headers, Receive, Scope, Send, header
from dev.local.loopback import LOOPBACK

_NAMES = {LOOPBACK.encode(), b"localhost"}
_FOREIGN_SITES = {b"cross-site", b"same-site"}  # another port of loopback is the same site
_CORS = b"access-control-"
_NO_FRAMES = (b"content-security-policy", b"frame-ancestors 'none'")
_TEXT: Headers = [(b"content-type", b"text/plain; charset=utf-8")]
# Misdirected, not forbidden: nobody may call this server by that name.
_OTHER_HOST = BufferedResponse(HTTPStatus.MISDIRECTED_REQUEST, _TEXT, b"only under the names of loopback\n")
_OTHER_PAGE = BufferedResponse(HTTPStatus.FORBIDDEN, _TEXT, b"not for web pages of another origin\n")


class BrowserGuard:
    """Answers only under loopback's names, and no page but the server's own.

    - 421 for another `Host`, unless it is below one of `domains`. Whoever owns a name can let it resolve to loopback
      (DNS rebinding); a page from there and this server then have the same origin.
    - 403 for an `Origin` that is not the server's own.
    - 403 for `Sec-Fetch-Site` of another page, because requests for images, scripts and the like have no `Origin`, and
      in AWS's query protocol a GET can change something. Links of other pages may open the paths in `linked`.

    Answers have no CORS headers, and no page can show them in a frame.
    """

    def __init__(self, app: App, domains: tuple[bytes, ...] = (), linked: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._domains = tuple(b"." + domain for domain in domains)
        self._linked = linked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message.get("headers", ()) if not each[0].lower().startswith(_CORS)]
                message = {**message, "headers": [*kept, _NO_FRAMES]}
            await send(message)

        refusal = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self._app(scope, receive, guarded)
        elif scope["type"] == "http":
            await refusal.send_to(guarded)
        else:
            await send({"type": "websocket.close"})  # before it was accepted: the server answers 403

    def _refusal(self, scope: Scope) -> BufferedResponse | None:
        host = header(scope, b"host").lower()
        name = host.partition(b":")[0]
        if name not in _NAMES and not name.endswith(self._domains):
            return _OTHER_HOST
        if origin := header(scope, b"origin"):
            return None if origin == b"http://" + host else _OTHER_PAGE
        foreign = header(scope, b"sec-fetch-site") in _FOREIGN_SITES
        opened = scope["path"] in self._linked and header(scope, b"sec-fetch-dest") == b"document"
        return _OTHER_PAGE if foreign and not opened else None
