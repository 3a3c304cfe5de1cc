"""Puts the app together from the parts passed in. No I/O."""

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.accept import AcceptRecords
from api.answers import SCHEMAS
from api.requests import ROUTE_PATH, Requests
from api.routes import RECORDS, Parts, routes

VERSION = "0.1.0"


def create_app(parts: Parts) -> FastAPI:
    app = FastAPIOffline(
        title="Forebay",
        version=VERSION,
        summary="Accepts JSON records at full speed; they reach the DynamoDB table at the table's own rate.",
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    accept_records = AcceptRecords(parts.queue, parts.versions, parts.key_schema, parts.write_units)
    app.include_router(routes(parts, accept_records))
    _describe_records(app)
    app.add_middleware(Requests)
    app.middleware_stack = _ShortWay(accept_records, app.build_middleware_stack())
    return app


class _ShortWay:
    """From the server to `POST /records`, past FastAPI's middleware and routing, which cost more than all the rest.

    The same endpoint with the same errors is among FastAPI's routes too: for the OpenAPI document, and for servers that
    put a prefix before the path. docs/performance.md says what this is worth.
    """

    def __init__(self, accept_records: AcceptRecords, long_way: ASGIApp) -> None:
        self._accept_records = accept_records
        self._short_way = Requests(self._answer)
        self._long_way = long_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        short = scope["type"] == "http" and scope["path"] == RECORDS and scope["method"] == "POST"
        await (self._short_way if short else self._long_way)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE_PATH] = RECORDS
        try:
            answer = await self._accept_records(Request(scope, receive))
        except problems.Problem as problem:
            answer = problems.response_of(problem)
        await answer(scope, receive, send)


def _describe_records(app: FastAPI) -> None:
    """Adds the schemas that no model of the code stands for: records are read by `api.door`, not by pydantic."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"] |= SCHEMAS
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
