"""A proxy on this machine that signs requests, for shippers that cannot: syslog-ng, rsyslog, winston …

    pip install boto3 httpx starlette uvicorn
    API_URL=https://… AWS_REGION=eu-central-1 python signing_proxy.py

The shipper then posts to http://127.0.0.1:8081/records instead of the API, and gets the API's own answers. Whoever can
reach the proxy's port can post: it listens on loopback only, and refuses what a web page sends.
"""

import os
import sys
from collections.abc import Callable

import boto3
import httpx
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PORT = 8081
BODY_BYTES_MAX = 6 * 1024 * 1024
REQUESTS_AT_ONCE_MAX = 20
_PASSED_ON = {"content-type", "content-encoding", "idempotency-key", "x-request-id"}
_PASSED_BACK = {"content-type", "retry-after", "x-request-id"}
_LOOPBACK = {"127.0.0.1", "localhost"}


def proxy(client: httpx.Client) -> Starlette:
    """The client has the API as its base URL, and signs."""

    async def forward(request: Request) -> Response:
        # A web page may be able to reach this port: under its own host name, or with its origin.
        if request.url.hostname not in _LOOPBACK or "origin" in request.headers:
            return Response("only for programs on this machine\n", 403)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return Response(f"more than {BODY_BYTES_MAX} bytes\n", 413)
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        try:
            answer = await run_in_threadpool(client.post, "/records", content=bytes(body), headers=headers)
        except (httpx.TransportError, BotoCoreError) as error:  # no answer, or no credentials: to repeat is right
            return Response(f"{type(error).__name__}\n", 503, {"retry-after": "5"})
        back = {name: value for name, value in answer.headers.items() if name in _PASSED_BACK}
        return Response(answer.content, answer.status_code, back)

    return Starlette(routes=[Route("/records", forward, methods=["POST"])])


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
            limit_concurrency=REQUESTS_AT_ONCE_MAX,
            access_log=False,
        )


if __name__ == "__main__":
    main()
