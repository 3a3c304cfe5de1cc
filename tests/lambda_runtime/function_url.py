"""The event of a function URL, as AWS sends it."""

import base64
import gzip
import time
from typing import Any

_ID = "abcdefghijklmnopqrstuvwxyz012345"
_HOST = f"{_ID}.lambda-url.us-east-1.on.aws"
_AGENT = "curl/8.5.0"
_CALLER = {
    "accessKey": "AKIACALLER",
    "accountId": "123456789012",
    "callerId": "AIDACALLER",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": "arn:aws:iam::123456789012:user/producer",
    "userId": "AIDACALLER",
}
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")


def request(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    content_type: str = "application/json",
    compressed: bool = False,
    signed: bool = True,
) -> dict[str, Any]:
    """Payload format 2.0. The path stays as the client encoded it, where an HTTP API decodes it.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
    """
    content = gzip.compress(body) if compressed else body
    headers = {
        "accept": "*/*",
        "content-length": str(len(content)),
        "host": _HOST,
        "user-agent": _AGENT,
        "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
        "x-amzn-tls-version": "TLSv1.3",
        "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    context: dict[str, Any] = {
        "accountId": "123456789012" if signed else "anonymous",
        "apiId": _ID,
        "domainName": _HOST,
        "domainPrefix": _ID,
        "http": {
            "method": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": _AGENT,
        },
        "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
        "routeKey": "$default",
        "stage": "$default",
        "time": "23/Nov/2026:07:27:58 +0000",
        "timeEpoch": int(time.time() * 1000),
    }
    if signed:
        context["authorizer"] = {"iam": _CALLER}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if body:
        headers["content-type"] = content_type
        if compressed:
            headers["content-encoding"] = "gzip"
        is_text = content_type.startswith(_TEXT) and not compressed
        event["body"] = content.decode() if is_text else base64.b64encode(content).decode()
        event["isBase64Encoded"] = not is_text
    return event
