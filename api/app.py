"""Puts the app together from the parts passed in. No I/O."""

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import problems
from api.composition import Parts
from api.openapi import SCHEMAS
from api.request_log import Requests
from api.routes import routes

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
    app.include_router(routes(parts))
    _describe_records(app)
    app.add_middleware(Requests)
    return app


def _describe_records(app: FastAPI) -> None:
    """Adds the schemas that no model stands for: records are read by `api.ingest.parse`, not by pydantic."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"] |= SCHEMAS
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
