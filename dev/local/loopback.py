"""The loopback interface, where all of the local stack listens, and HTTP to it past every proxy."""

import urllib.request
from http import HTTPStatus
from http.client import HTTPResponse

LOOPBACK = "127.0.0.1"
TOKEN_PATH = "/_forebay/token"  # noqa: S105 - a path
"""Emulator and console answer it with this run's token, so that whoever started them knows that they are theirs."""
_TIMEOUT_SECONDS = 2.0

# A proxy, set in the environment or in the system, would look for 127.0.0.1 on its own machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def open_url(request: str | urllib.request.Request, timeout_seconds: float = _TIMEOUT_SECONDS) -> HTTPResponse:
    """`urlopen` for loopback: the same arguments and errors, and no proxy."""
    response: HTTPResponse = _opener.open(request, timeout=timeout_seconds)
    return response


def responds(url: str, expected: bytes | None = None) -> bool:
    """Whether `GET url` is answered with 200, and with the body `expected` where that is given."""
    try:
        with open_url(url) as response:
            return response.status == HTTPStatus.OK and expected in {None, response.read()}
    except OSError:
        return False
