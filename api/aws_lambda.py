"""Entry point: `handler`, for Lambda. Mangum turns its events into ASGI requests to the FastAPI app."""

import gc
import logging
import os
import sys
import time
from typing import Any

from mangum import Mangum

from api import logs
from api.app import create_app
from api.composition import compose
from api.settings import ApiSettings
from telemetry.metrics import Metrics

logs.configure()
# No line for a request that was answered well: metrics count it, and its line would cost as much as the invocation.
logging.getLogger("api.request_log").setLevel(logging.WARNING)
settings = ApiSettings.from_environment(os.environ)
metrics = Metrics(settings.record_table_name, lambda: time.time_ns() // 1_000_000, sys.stdout.write)
app = create_app(compose(settings, os.environ, metrics.count))
answer = Mangum(app, lifespan="off")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own object
    try:
        return answer(event, context)
    finally:
        metrics.flush()


gc.freeze()  # what exists by now stays: the garbage collector need not look through it again and again
