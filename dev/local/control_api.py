"""The emulator's control path, for whoever knows the stack's token: what was counted, and the faults.

`GET /_forebay/meters` tells the counts, `PUT /_forebay/faults` with an array of names sets the faults that hold from
now on. The token goes into a header of its own, which no page of another origin can send.
"""

import hmac
import json

from dev.local.capacity_limiter import App, Receive, Scope, Send, header, json_answer, read
from dev.local.counters import Meters
from dev.local.fault_injection import Fault, Faults

METERS_PATH = "/_forebay/meters"
FAULTS_PATH = "/_forebay/faults"
TOKEN_HEADER = "x-forebay-token"  # noqa: S105 - a name


def with_control(app: App, token: str, faults: Faults, meters: Meters) -> App:
    async def controlled(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in {METERS_PATH, FAULTS_PATH}:
            await app(scope, receive, send)
            return
        status = 200
        if not hmac.compare_digest(header(scope, TOKEN_HEADER.encode()), token.encode()):
            status = 403
        elif (scope["method"], scope["path"]) == ("PUT", FAULTS_PATH):
            try:
                faults.active = frozenset(Fault(name) for name in json.loads(await read(receive)))
            except (ValueError, TypeError):
                status = 400
        elif scope["method"] != "GET":
            status = 405
        told = {"faults": sorted(faults.active), **meters.told()} if status == 200 else {}  # noqa: PLR2004 - HTTP's own
        told_as = json_answer(status, told, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")])
        await send({"type": "http.response.start", "status": told_as.status, "headers": told_as.headers})
        await send({"type": "http.response.body", "body": told_as.body})

    return controlled
