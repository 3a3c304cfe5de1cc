"""The emulator's control API, for whoever knows this run's token: the counters, and the faults to inject.

`GET /_forebay/counters` returns the counters, `PUT /_forebay/faults` with an array of names sets the faults that are
active from now on. The token is sent in a header of its own, which a web page of another origin cannot send.
"""

import hmac
import json
from http import HTTPStatus

from dev.local.asgi import App, Headers, Json, Receive, Scope, Send, header, json_response, read_body
from dev.local.capacity_limiter import CapacityLimiter
from dev.local.counters import Counters
from dev.local.fault_injection import EmulatorFault, FaultInjector

COUNTERS_PATH = "/_forebay/counters"
FAULTS_PATH = "/_forebay/faults"
TOKEN_HEADER = "x-forebay-token"  # noqa: S105 - a name
_HEADERS: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def with_control_api(app: App, token: str, faults: FaultInjector, counters: Counters, limiter: CapacityLimiter) -> App:
    async def controlled(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in {COUNTERS_PATH, FAULTS_PATH}:
            await app(scope, receive, send)
            return
        status = await _handle(scope, receive, token, faults)
        content: Json = {}
        if status == HTTPStatus.OK:
            content = {"faults": sorted(faults.active), "saved_up": limiter.saved_up(), **counters.as_json()}
        await json_response(status, content, _HEADERS).send_to(send)

    return controlled


async def _handle(scope: Scope, receive: Receive, token: str, faults: FaultInjector) -> HTTPStatus:
    if not hmac.compare_digest(header(scope, TOKEN_HEADER.encode()), token.encode()):
        return HTTPStatus.FORBIDDEN
    if (scope["method"], scope["path"]) == ("PUT", FAULTS_PATH):
        try:
            faults.active = frozenset(EmulatorFault(name) for name in json.loads(await read_body(receive)))
        except (ValueError, TypeError):
            return HTTPStatus.BAD_REQUEST
    elif scope["method"] != "GET":
        return HTTPStatus.METHOD_NOT_ALLOWED
    return HTTPStatus.OK
