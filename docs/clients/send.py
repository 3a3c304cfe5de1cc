"""Sends records to a closed API: signed, and repeated where that can help. A record is stored once, however often its
request is repeated. If you run this again for the same records, give them ids.

pip install boto3 httpx
API_URL=https://… AWS_REGION=eu-central-1 python send.py < records.ndjson
"""

import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

ATTEMPTS = 8
WAIT_SECONDS_MAX = 300.0
LINES_MAX, BYTES_MAX = 1000, 3_000_000
"""Of one request, which may hold 10,000 records, and 4.5 MB on AWS."""


class RecordsRefused(Exception):
    """No repetition can help; the message has the answer."""


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


def send(client: httpx.Client, lines: bytes) -> list[Any]:
    """Sends records, one JSON object a line. Returns their receipts. Raises `RecordsRefused`."""
    # The same with every repetition, so that records without an id are stored once too.
    headers = {"content-type": "application/x-ndjson", "idempotency-key": str(uuid.uuid4())}
    answer = "no answer"
    for attempt in range(ATTEMPTS):
        seconds = min(30.0, 0.5 * 2**attempt)
        try:
            response = client.post("/records", content=lines, headers=headers)
        except httpx.TransportError as error:  # perhaps accepted, perhaps not
            answer = type(error).__name__
        else:
            if response.status_code == httpx.codes.ACCEPTED:
                receipts: list[Any] = response.json()["records"]
                return receipts
            answer = f"{response.status_code} {response.text[:500]}"
            if response.status_code not in {408, 429} and not response.is_server_error:
                raise RecordsRefused(answer)
            wanted = response.headers.get(
                "retry-after", ""
            )  # seconds; a date is possible too, but nobody sends it here
            seconds = min(WAIT_SECONDS_MAX, max(seconds, float(wanted) if wanted.isdecimal() else 0.0))
        if attempt + 1 < ATTEMPTS:
            time.sleep(seconds * random.uniform(1, 1.5))  # noqa: S311 - so that not all clients come back together
    raise RecordsRefused(f"after {ATTEMPTS} attempts: {answer}")


def requests_of(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, as many together as one request takes."""
    request: list[bytes] = []
    size = 0
    for line in filter(bytes.strip, lines):
        if request and (len(request) == LINES_MAX or size + len(line) > BYTES_MAX):
            yield b"\n".join(request)
            request, size = [], 0
        request.append(line.rstrip(b"\r\n"))
        size += len(line)
    if request:
        yield b"\n".join(request)


def main() -> None:
    url = os.environ.get("API_URL") or sys.exit("set API_URL to the output ApiUrl of the stack")
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    accepted = 0
    with httpx.Client(base_url=url, auth=signature(url, session), timeout=30) as client:
        for request in requests_of(sys.stdin.buffer):
            accepted += len(send(client, request))
            print(f"accepted {accepted}")


if __name__ == "__main__":
    main()
