"""The FastAPI app: its routes and its one list of middleware, for every path. No I/O."""

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware

from api import problems
from api.composition import ApiComponents
from api.host import REAL, Host
from api.openapi import SCHEMAS
from api.request_log import RequestLog
from api.request_target import AbsoluteForm
from api.routes import add_routes

VERSION = "0.1.0"

_DESCRIPTION = """\
On AWS, what is in front of the API refuses some requests itself, with `{"message": "…"}` and no `code`: without
authorization (401, 403), with a method that no path takes (404), beyond Lambda's 6 MB (413), above a limit of requests
(429), and when the function failed (5xx). Of those 6 MB, about 5 are left for JSON, and 4.5 for gzip or NDJSON."""


def create_app(components: ApiComponents, host: Host = REAL) -> FastAPI:
    app = FastAPIOffline(
        title="Forebay",
        version=VERSION,
        summary="Accepts JSON records at full speed; they reach the DynamoDB table at the table's own rate.",
        description=_DESCRIPTION,
        middleware=[
            Middleware(RequestLog, host.monotonic),  # the first is the outermost: every answer gets its request's id
            Middleware(AbsoluteForm),
        ],
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app, host.random)
    add_routes(app.router, components)
    _describe_records(app)
    return app


def _describe_records(app: FastAPI) -> None:
    """Adds the schemas that no model stands for: records are parsed by `api.ingest.parse`, not by pydantic."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"] |= SCHEMAS
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
