"""Whether a request names exactly the key that its client meant. Otherwise it may be another record's. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes


def is_query_exact(scope: Mapping[str, Any]) -> bool:
    """Servers replace what is not UTF-8 by U+FFFD."""
    return _is_utf8(scope["query_string"])


def is_path_exact(scope: Mapping[str, Any]) -> bool:
    """The same, and no gateway may have decoded the path before it is decoded here.

    HTTP APIs do: by some accounts all of it, by others all but `%25`. So what a `%` that is left stands for is not
    known. Function URLs, and servers, leave the path as it was sent.
    https://github.com/fastify/aws-lambda-fastify/issues/169
    """
    event = scope.get("aws.event") or {}
    is_decoded = "proxy" in (event.get("pathParameters") or {})
    if is_decoded and ("%" in event["requestContext"]["http"]["path"] or "\ufffd" in scope["path"]):
        return False
    return _is_utf8(scope.get("raw_path") or b"")


def _is_utf8(encoded: bytes) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True
