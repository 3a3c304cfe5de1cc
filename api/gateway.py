"""Between an HTTP API of API Gateway and the FastAPI app: Mangum turns events into ASGI requests."""

from collections.abc import Callable
from typing import Any, TypeAlias

from fastapi import FastAPI
from mangum import Mangum
from starlette.types import Receive, Scope, Send

from api import problems

Event: TypeAlias = dict[str, Any]
"""Version 2.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
Handler: TypeAlias = Callable[[Event, Any], dict[str, Any]]


def create_handler(app: FastAPI, flush: Callable[[], None]) -> Handler:
    """A handler for Lambda, of one request at a time. It flushes after each."""

    async def app_below_base_path(scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = base_path(scope["aws.event"])
        if scope["path"] == scope["root_path"]:
            scope["path"] += "/"  # the address of the mapping itself may end without it
        await app(scope, receive, send)

    # Problem documents as text, like JSON: in base64, a large one would be over Lambda's limit.
    text_types = ["text/", "application/json", problems.MEDIA_TYPE]
    answer = Mangum(app_below_base_path, lifespan="off", text_mime_types=text_types)

    def handler(event: Event, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own object
        try:
            answered = answer(event, context)
            if event["requestContext"]["http"]["method"] == "HEAD":  # servers leave out the body; Mangum does not
                answered |= {"body": "", "isBase64Encoded": False}
            return answered
        finally:
            flush()

    return handler


def base_path(event: Event) -> str:
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
