"""SQS and DynamoDB over HTTP, with the calls that the functions make, and Lambda's credentials for a restored snapshot.

They record what they received. Tests set whether they answer and whether they throttle.
"""

import json
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
RESTORED_ACCESS_KEY = "ASIARESTORED"
RESTORED_TOKEN = "of-the-snapshot"
_WAIT_SECONDS_MAX = 20
_THROTTLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": "The level of configured provisioned throughput for the table was exceeded.",
}


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    """`AmazonSQS.SendMessage`"""
    request: Json
    access_key: str
    connection: int
    """The caller's port."""


class Aws(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # with fewer, simultaneous connections would wait for a second

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.connections: set[socket.socket] = set()
        self.released = threading.Event()
        self.reset()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def reset(self) -> None:
        """Everything answers again, and nothing is recorded."""
        self.released.set()
        self.released = threading.Event()
        self.calls: list[Call] = []
        self.messages: dict[str, list[Json]] = {"records": [], "dead-letters": []}
        self.items: dict[str, Json] = {}
        self.silent: set[str] = set()
        """`AmazonSQS` or `DynamoDB_20120810`: these receive requests and never answer."""
        self.throttling = False
        self.in_flight = 0
        """How many messages the queues hold, as SQS approximates it; all of them are hidden."""
        self.hot: set[str] = set()
        """Ids whose partition has no capacity left."""
        self.together = threading.Barrier(1)
        """All puts but the first are answered when so many are in flight."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def resources(self) -> dict[str, str]:
        """The values of what the template refers to."""
        queue = f"{self.url}/123456789012"
        return {
            "RecordQueue": f"{queue}/records",
            "RecordDeadLetterQueue": f"{queue}/dead-letters",
            "RecordTable": "records",
        }

    def called(self, name: str) -> list[Json]:
        return [call.request for call in self.calls if call.name.endswith(f".{name}")]

    def close_connections(self) -> None:
        """As services do with connections that have been idle for a while."""
        for connection in tuple(self.connections):
            with suppress(OSError):  # the other side has closed it first
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.released.set()
        self.close_connections()
        self.shutdown()
        self.server_close()

    def answer(self, name: str, request: Json) -> tuple[int, Json]:
        match name.partition(".")[2]:
            case "PutItem":
                return self._put(request["Item"])
            case "GetItem":
                item = self.items.get(request["Key"]["id"]["S"])
                content: Json = {"Item": item} if item else {}
            case "DescribeTable":
                table = {"ProvisionedThroughput": {"WriteCapacityUnits": 5}, "ItemCount": 1, "TableSizeBytes": 500}
                content = {"Table": table}
            case "SendMessageBatch":
                self.messages[_queue(request)] += request["Entries"]
                content = {"Successful": [{"Id": each["Id"], "MessageId": "m"} for each in request["Entries"]]}
            case "SendMessage":
                self.messages[_queue(request)].append(request)
                content = {"MessageId": "m"}
            case "ChangeMessageVisibilityBatch":
                content = {"Successful": [{"Id": each["Id"]} for each in request["Entries"]]}
            case "GetQueueAttributes":
                hidden = "ApproximateNumberOfMessagesNotVisible"
                names = request["AttributeNames"]
                content = {"Attributes": {name: str(self.in_flight if name == hidden else 0) for name in names}}
            case "DeleteMessage":
                content = {}
            case _:
                return 400, {"__type": "com.amazonaws#UnknownOperationException"}
        return 200, content

    def _put(self, item: Json) -> tuple[int, Json]:
        key = item["id"]["S"]
        if len(self.called("PutItem")) > 1:
            self.together.wait(_WAIT_SECONDS_MAX)
        if self.throttling or key in self.hot:
            scope = "KeyRange" if key in self.hot else "Provisioned"
            reason = {"reason": f"TableWrite{scope}ThroughputExceeded", "resource": "arn"}
            return 400, {**_THROTTLED, "ThrottlingReasons": [reason]}
        self.items[key] = item
        return 200, {"ConsumedCapacity": {"TableName": "records", "CapacityUnits": 1.0}}


def _queue(request: Json) -> str:
    return str(request["QueueUrl"]).rpartition("/")[2]


class _Handler(BaseHTTPRequestHandler):
    server: Aws
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = self.headers["x-amz-target"]
        signer = re.search("Credential=([^/]+)/", self.headers["authorization"])
        self.server.calls.append(Call(name, request, signer[1] if signer else "", self.client_address[1]))
        if name.partition(".")[0] in self.server.silent:
            self.server.released.wait()
            self.close_connection = True
            return
        self._answer(*self.server.answer(name, request))

    def do_GET(self) -> None:
        """https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html"""
        if self.headers["authorization"] != RESTORED_TOKEN:
            self._answer(403, {})
            return
        self._answer(
            200,
            {
                "AccessKeyId": RESTORED_ACCESS_KEY,
                "SecretAccessKey": "secret",
                "Token": "token",
                "Expiration": "2999-01-01T00:00:00Z",
            },
        )

    def _answer(self, status: int, content: Json) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""
