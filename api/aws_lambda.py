"""`handler`, for Lambda."""

import gc
import os
import sys
import time
from typing import Any

from mangum import Mangum
from starlette.types import ASGIApp, Receive, Scope, Send

from api import logs
from api.composition import Parts, compose
from api.short_way import ShortWay
from telemetry.metrics import Metrics


class _LongWay:
    """The FastAPI app, made for the first request that is not for records.

    Importing FastAPI and its models of OpenAPI is more than half of a cold start that did it, and what costs every
    record needs none of it. docs/performance.md has the figures.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._app: ASGIApp | None = None

    def make(self) -> ASGIApp:
        if self._app is None:
            from api.app import create_app  # noqa: PLC0415 - as the class says

            self._app = create_app(self._parts)
        return self._app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.make()(scope, receive, send)


logs.configure()
metrics = Metrics(os.environ["RECORD_TABLE_NAME"], lambda: time.time_ns() // 1_000_000, sys.stdout.write)
parts = compose(os.environ, metrics.count)
long_way = _LongWay(parts)
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    long_way.make()  # into the snapshot, once for all
answer = Mangum(ShortWay(parts.accept_records, long_way), lifespan="off")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own object
    try:
        return answer(event, context)
    finally:
        metrics.flush()


gc.freeze()  # what is made up to here stays, and need not be looked through again and again
