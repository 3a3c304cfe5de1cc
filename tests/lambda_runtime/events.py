"""The events that invoke the functions: a request from HTTP API, and a batch from an SQS event source mapping."""

import base64
import gzip
import json
import time
from typing import Any

_HOST = "abcdef1234.execute-api.us-east-1.amazonaws.com"
_AGENT = "curl/8.5.0"
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")


def http(
    method: str, path: str, body: str | None = None, *, content_type: str = "application/json", compressed: bool = False
) -> dict[str, Any]:
    """Payload format 2.0, of a route with IAM authorization:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    content = (body or "").encode()
    headers = {
        "accept": "*/*",
        "content-length": str(len(content)),
        "host": _HOST,
        "user-agent": _AGENT,
        "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "authorizer": {
                "iam": {"accountId": "123456789012", "callerId": "AIDA", "userArn": "arn", "userId": "AIDA"}
            },
            "domainName": _HOST,
            "domainPrefix": "abcdef1234",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": _AGENT,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:07:27:58 +0000",
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        headers["content-type"] = content_type
        event["body"] = body
    if compressed:
        content = gzip.compress(content)
        headers |= {"content-encoding": "gzip", "content-length": str(len(content))}
    # HTTP API encodes a body as base64 if it is not text or has a content encoding.
    if compressed or not content_type.startswith(_TEXT):
        event |= {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
    return event


def content_of(answer: dict[str, Any]) -> Any:
    """The JSON that HTTP API would send to the client."""
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
    return json.loads(body)


def sqs(bodies: dict[str, str], version: str | None = None) -> dict[str, Any]:
    """A batch of messages, bodies by message id: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    now = int(time.time() * 1000)
    attribute: dict[str, Any] = {
        "dataType": "String",
        "stringValue": version,
        "stringListValues": [],
        "binaryListValues": [],
    }
    return {
        "Records": [
            {
                "messageId": message_id,
                "receiptHandle": f"receipt of {message_id}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": str(now),
                    "SenderId": "AIDA",
                    "ApproximateFirstReceiveTimestamp": str(now),
                },
                "messageAttributes": {"version": attribute} if version else {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:records",
                "awsRegion": "us-east-1",
            }
            for message_id, body in bodies.items()
        ]
    }
