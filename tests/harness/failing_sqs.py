"""An SQS over HTTP that fails as it is told: it refuses, loses, delays, resets, and confirms too late."""

import json
import random
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Entry = dict[str, Any]
TROUBLES = ["none", "refuse some", "refuse all", "lose some", "error", "throttle", "hang", "reset", "lost answer"]
"""`hang` takes nothing and answers too late; `lost answer` takes everything and breaks the connection."""


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
        """The trouble of this call, and the answer that it leaves."""
        with self.lock:
            trouble = "none" if self.healthy else self.random.choice(TROUBLES)
            self.seen.add(trouble)
            keep = {"refuse all": 0.0, "error": 0.0, "throttle": 0.0, "hang": 0.0, "reset": 0.0}.get(trouble, 1.0)
            if trouble in {"refuse some", "lose some"}:
                keep = 0.5
            taken = [entry for entry in entries if self.random.random() < keep]
            self.durable += taken
        ids = {entry["Id"] for entry in taken}
        refused = [] if trouble == "lose some" else [entry["Id"] for entry in entries if entry["Id"] not in ids]
        return trouble, {
            "Successful": [{"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for entry in taken],
            "Failed": [{"Id": entry_id, "Code": "InternalError", "SenderFault": False} for entry_id in refused],
        }


class _Handler(BaseHTTPRequestHandler):
    server: FailingSqs
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        trouble, answer = self.server.take(request["Entries"])
        match trouble:
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
