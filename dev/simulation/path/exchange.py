"""A request of HTTP and its answer, between a client's task and a server, over a network."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from dev.simulation.clock import VirtualClock, VirtualTask


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: str = ""


@dataclass(slots=True)
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)


@dataclass(slots=True, eq=False)
class Exchange:
    """What client and server know of one request. `by` is the server that took it."""

    clock: VirtualClock
    request: HttpRequest
    by: str = ""
    began_at: float = 0.0
    """When its first byte was sent."""
    answer: HttpAnswer | None = None
    arrived_at: float | None = None
    """When the last byte of the body had arrived."""
    is_over: bool = False
    """With or without an answer."""
    is_disconnected: bool = False
    """By the client."""
    client: VirtualTask | None = None

    def end(self, answer: HttpAnswer | None) -> None:
        if not self.is_over:
            self.is_over = True
            self.answer = answer
            if self.client:
                self.clock.wake(self.client)

    def wait(self, seconds: float) -> HttpAnswer | None:
        """The client waits for its answer. None if it does not arrive in time, or if the connection breaks."""
        until = self.clock.now + seconds
        self.client = self.clock.current
        while not self.is_over and self.clock.now < until:
            self.clock.wait(until - self.clock.now)
        self.client = None
        return self.answer


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope"""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in request.headers.items()],
        "client": ("192.0.2.1", 1),
        "server": ("api", 80),
    }


def event_of(request: HttpRequest) -> dict[str, Any]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    return {
        "version": "2.0",
        "routeKey": f"{request.method} /{{proxy+}}",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": request.headers,
        "pathParameters": {"proxy": request.path.lstrip("/")},
        "requestContext": {
            "http": {"method": request.method, "path": request.path, "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(request.body).decode(),
        "isBase64Encoded": True,
    }


def answer_of(result: dict[str, Any]) -> HttpAnswer:
    """Of what a function returned."""
    body = base64.b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
    return HttpAnswer(result["statusCode"], {name.lower(): text for name, text in result["headers"].items()}, body)
