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


def without_base_path(event: dict[str, Any]) -> dict[str, Any]:
    """The event with the path that the route matched.

    In front of it may be the path of a custom domain's API mapping. With a decoded path, which cannot be compared, the
    event stays as it is. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
    """
    matched = (event.get("pathParameters") or {}).get("proxy")
    if matched and event["requestContext"]["http"]["path"].endswith(f"/{matched}"):
        event["requestContext"]["http"]["path"] = f"/{matched}"
    return event


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own object
    try:
        return answer(without_base_path(event), context)
    finally:
        metrics.flush()


gc.freeze()  # what exists by now stays: the garbage collector need not look through it again and again
