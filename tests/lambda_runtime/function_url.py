"""The event of a function URL, as AWS sends it."""

from typing import Any

from tests.lambda_runtime import events

_ID = "abcdefghijklmnopqrstuvwxyz012345"
_HOST = f"{_ID}.lambda-url.us-east-1.on.aws"
_CALLER = {
    "accessKey": "AKIACALLER",
    "accountId": "123456789012",
    "callerId": "AIDACALLER",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": "arn:aws:iam::123456789012:user/producer",
    "userId": "AIDACALLER",
}


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
    event = events.http(method, path, body.decode() if body else None, content_type=content_type, compressed=compressed)
    event["headers"] |= {
        "host": _HOST,
        "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
        "x-amzn-tls-version": "TLSv1.3",
    }
    context = event["requestContext"]
    context |= {"apiId": _ID, "domainName": _HOST, "domainPrefix": _ID}
    if signed:
        context["authorizer"] = {"iam": _CALLER}
    else:
        context["accountId"] = "anonymous"
        del context["authorizer"]
    return event
