"""Entry point: `handler`, for Lambda. Mangum turns its events into ASGI requests to the FastAPI app."""

import gc
import logging
import os
import sys
import time
from typing import Any

from mangum import Mangum
from starlette.types import Receive, Scope, Send

from api import logs, problems
from api.app import create_app
from api.composition import compose
from api.settings import ApiSettings
from telemetry.metrics import Metrics

logs.configure()
# No line for a request that was answered well: metrics count it, and its line would cost as much as the invocation.
logging.getLogger("api.request_log").setLevel(logging.WARNING)
settings = ApiSettings.from_environment(os.environ)
metrics = Metrics(settings.record_table_name, lambda: time.time_ns() // 1_000_000, sys.stdout.write)
app = create_app(compose(settings, os.environ, metrics.count, is_frozen_between_requests=True))


def base_path(event: dict[str, Any]) -> str:
    """What is in front of the path that the route matched: the path of a custom domain's API mapping, or nothing.

    With a decoded path, which cannot be compared, it is not known.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
    """
    # Without slashes at the end, because it is not documented whether a greedy variable keeps them.
    path: str = event["requestContext"]["http"]["path"].rstrip("/")
    if event.get("routeKey") in {"GET /", "HEAD /"}:
        return path
    matched = "/" + ((event.get("pathParameters") or {}).get("proxy") or "").rstrip("/")
    return path.removesuffix(matched).rstrip("/") if path.endswith(matched) else ""


async def app_below_base_path(scope: Scope, receive: Receive, send: Send) -> None:
    scope["root_path"] = base_path(scope["aws.event"])
    if scope["path"] == scope["root_path"]:
        scope["path"] += "/"  # the address of the mapping itself may end without it
    await app(scope, receive, send)


# Problem documents as text, like JSON: in base64, a large one would be over Lambda's limit.
answer = Mangum(app_below_base_path, lifespan="off", text_mime_types=["text/", "application/json", problems.MEDIA_TYPE])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own object
    try:
        answered = answer(event, context)
        if event["requestContext"]["http"]["method"] == "HEAD":  # servers leave out the body; Mangum does not
            answered |= {"body": "", "isBase64Encoded": False}
        return answered
    finally:
        metrics.flush()


gc.freeze()  # what exists by now stays: the garbage collector need not look through it again and again
