"""What the middlewares around the emulator share: ASGI's types, and bodies that are held in memory."""

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
AsgiMessage: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]
Json: TypeAlias = dict[str, Any]

AWS_JSON: Headers = [(b"content-type", b"application/x-amz-json-1.0")]


@dataclass(slots=True)
class BufferedResponse:
    status: int
    headers: Headers
    body: bytes

    async def send_to(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def json_response(status: int, content: Json, headers: Headers) -> BufferedResponse:
    """With these headers, and the length and checksum that the content has."""
    body = json.dumps(content).encode()
    kept = [(name, value) for name, value in headers if name.lower() not in {b"content-length", b"x-amz-crc32"}]
    checks = [
        (b"content-length", str(len(body)).encode()),
        (b"x-amz-crc32", str(zlib.crc32(body)).encode()),
    ]
    return BufferedResponse(status, kept + checks, body)


def aws_error(status: int, kind: str, message: str, **members: Any) -> BufferedResponse:  # noqa: ANN401 - any JSON
    """An error in AWS's JSON protocol. `kind` is a namespace and a name: `com.amazonaws.sqs#InternalError`."""
    return json_response(status, {"__type": kind, "message": message, **members}, AWS_JSON)


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of that name in lower case; empty without one."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value for each, value in headers if each.lower() == name), b"")


def aws_operation(scope: Scope, service: bytes) -> str:
    """The operation that `X-Amz-Target` names (`PutItem`); empty for requests to other services.

    `service` is the target's prefix: `DynamoDB_20120810.` or `AmazonSQS.`.
    """
    if scope["type"] != "http":
        return ""
    target = header(scope, b"x-amz-target")
    return target.removeprefix(service).decode("ascii", "replace") if target.startswith(service) else ""


async def read_body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def replayed(body: bytes) -> Receive:
    """Stands for the server's `receive`, whose body has been read already."""

    async def receive() -> AsgiMessage:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
