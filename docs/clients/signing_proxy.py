"""A proxy on this machine that signs requests, for shippers that cannot: syslog-ng, rsyslog, winston …

    pip install boto3 httpx starlette uvicorn
    API_URL=https://… AWS_REGION=eu-central-1 python signing_proxy.py

The shipper then posts to http://127.0.0.1:8081/records instead of the API, and gets the API's own answers. Whoever can
reach the proxy's port can post: it listens on loopback only, and refuses what a web page sends.
"""

import asyncio
import os
import sys
from collections.abc import Callable

import boto3
import httpx
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

PORT = 8081
BODY_BYTES_MAX = 6 * 1024 * 1024
BODY_SECONDS_MAX = 30
REQUESTS_AT_ONCE_MAX = 20
_CONNECTIONS_MAX = 500
_PASSED_ON = {b"content-type", b"content-encoding", b"idempotency-key", b"prefer", b"x-request-id"}
_PASSED_BACK = {"content-type", "preference-applied", "retry-after", "x-request-id"}
_LOOPBACK = {"127.0.0.1", "localhost"}
_CLOSE = {"connection": "close"}
"""With an answer that does not wait for the body's end."""


def proxy(client: httpx.Client) -> Starlette:
    """The client has the API as its base URL, and signs."""
    free = asyncio.Semaphore(REQUESTS_AT_ONCE_MAX)

    async def forward(request: Request) -> Response:
        # A web page may be able to reach this port: under its own host name, or with its origin.
        if request.url.hostname not in _LOOPBACK or "origin" in request.headers:
            return Response("only for programs on this machine\n", 403, _CLOSE)
        if free.locked():
            return _again("too many requests at once", _CLOSE)
        async with free:
            try:
                async with asyncio.timeout(BODY_SECONDS_MAX):
                    body = await _read(request)
            except TimeoutError:
                return Response(f"the body took over {BODY_SECONDS_MAX} s\n", 408, _CLOSE)
            if body is None:
                return Response(f"more than {BODY_BYTES_MAX} bytes\n", 413, _CLOSE)
            return await run_in_threadpool(_post, client, body, request.headers.raw)

    return Starlette(routes=[Route("/records", forward, methods=["POST"])])


async def _read(request: Request) -> bytes | None:
    """None for a body that is too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_BYTES_MAX:
        return None
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


def _post(client: httpx.Client, body: bytes, headers: list[tuple[bytes, bytes]]) -> Response:
    try:
        answer = client.post("/records", content=body, headers=[each for each in headers if each[0] in _PASSED_ON])
    # No answer, or no valid credentials (botocore raises RuntimeError for expired ones): to repeat is right.
    except (httpx.RequestError, BotoCoreError, ClientError, RuntimeError) as error:
        return _again(type(error).__name__)
    back = {name: value for name, value in answer.headers.items() if name in _PASSED_BACK}
    return Response(answer.content, answer.status_code, back)


def _again(why: str, headers: dict[str, str] | None = None) -> Response:
    print(f"503: {why}", file=sys.stderr, flush=True)
    return Response(f"{why}\n", 503, {"retry-after": "5", **(headers or {})})


def signature(api_url: str, session: boto3.Session) -> Callable[[httpx.Request], httpx.Request]:
    """For `httpx.Client(auth=…)`. botocore renews what expires: the credentials of SSO, of roles and of instances."""
    credentials, region = session.get_credentials(), session.region_name
    if credentials is None or region is None:
        sys.exit("no AWS credentials or no region: set AWS_PROFILE or AWS_ACCESS_KEY_ID …, and AWS_REGION")
    service = "lambda" if ".lambda-url." in api_url else "execute-api"

    def sign(request: httpx.Request) -> httpx.Request:
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request

    return sign


def main() -> None:
    url = os.environ.get("API_URL") or sys.exit("set API_URL to the output ApiUrl of the stack")
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    with httpx.Client(base_url=url, auth=signature(url, session), timeout=30) as client:
        uvicorn.run(
            proxy(client),
            host="127.0.0.1",
            port=int(os.environ.get("PORT", PORT)),
            http="h11",
            ws="none",
            workers=1,
            limit_concurrency=_CONNECTIONS_MAX,
            timeout_graceful_shutdown=35,
            access_log=False,
        )


if __name__ == "__main__":
    main()
