"""An SQS over HTTP that fails at random, from a seed: it refuses, loses, delays, resets, answers twice or wrongly."""

import json
import random
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Entry = dict[str, Any]
NO_FAILURE = "no failure"
TAKEN = {
    NO_FAILURE: 1.0,
    "refuse some": 0.5,
    "refuse all": 0.0,
    "lose some": 0.5,
    "error": 0.0,
    "throttle": 0.0,
    "hang": 0.0,
    "reset": 0.0,
    "lost answer": 1.0,
    "two answers": 1.0,
    "others' answer": 0.0,
    "malformed answer": 0.0,
}
"""How a call can go, and the part of its entries that is stored. `hang` answers too late; `lost answer` breaks the
connection; `others' answer` confirms entries that were not sent.
"""


class FailingSqs(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seed: int, hang_seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.random = random.Random(seed)  # noqa: S311 - a seed that replays
        self.hang_seconds = hang_seconds
        self.healthy = False
        self.durable: list[Entry] = []
        self.seen: set[str] = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, entries: list[Entry]) -> tuple[str, dict[str, Any]]:
        """How this call fails, and the answer that would be true."""
        with self.lock:
            failure = NO_FAILURE if self.healthy else self.random.choice(list(TAKEN))
            self.seen.add(failure)
            taken = [entry for entry in entries if self.random.random() < TAKEN[failure]]
            self.durable += taken
        ids = {entry["Id"] for entry in taken}
        refused = [] if failure == "lose some" else [entry["Id"] for entry in entries if entry["Id"] not in ids]
        return failure, {
            "Successful": [{"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for entry in taken],
            "Failed": [{"Id": entry_id, "Code": "InternalError", "SenderFault": False} for entry_id in refused],
        }


class _Handler(BaseHTTPRequestHandler):
    server: FailingSqs
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        failure, answer = self.server.take(request["Entries"])
        match failure:
            case "hang":
                time.sleep(self.server.hang_seconds)
                self.close_connection = True
            case "reset" | "lost answer":
                # Closing with linger 0 sends a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case "error":
                self._answer(500, {"__type": "com.amazonaws.sqs#InternalError"})
            case "throttle":
                self._answer(403, {"__type": "com.amazonaws.sqs#RequestThrottled"})
            case "two answers":
                self._answer(200, answer)
                self._answer(200, answer)
            case "others' answer":
                self._answer(200, {"Successful": [{"Id": f"other {n}"} for n in range(len(request["Entries"]))]})
            case "malformed answer":
                self._answer(200, {"Successful": [None], "Failed": "text"})
            case _:
                self._answer(200, answer)

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        if not self.connection._closed:  # noqa: SLF001 - closed by a reset above
            super().finish()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""
