"""Lambda's Runtime API: the runtime client in a function's process gets invocations from it and posts their outcomes.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = "/2018-06-01/runtime/"
_START_SECONDS_MAX = 20
"""Until the process asks for its first invocation; Lambda itself gives 10 s."""
_ANSWER_BYTES_MAX = 6_291_556
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class CutOff(Exception):
    """The invocation was not finished at its deadline: Lambda kills the process."""


class StartFailed(Exception):
    """The function's initialisation ended with an error."""


@dataclass(frozen=True, slots=True)
class Invocation:
    request_id: str
    event: bytes
    seconds: float
    """Its time limit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    request_id: str
    answer: Any
    """What the handler returned; None when it raised."""
    error: Any
    """What the runtime client reported of an error."""
    seconds: float


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API of one process: Lambda runs one for each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.restored = threading.Event()
        self.init_errors: queue.Queue[Any] = queue.Queue()
        self.invocations: queue.Queue[Invocation | None] = queue.Queue()
        self.asked: queue.Queue[bool] = queue.Queue()
        """True when the process got an invocation, False when it reported that it cannot start."""
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self.current: tuple[Invocation, float] | None = None
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def invoke(self, event: object, seconds: float) -> Outcome:
        """Gives the event to the process when it asks for one; its time begins then.

        Raises `CutOff` or `StartFailed`.
        """
        self.invocations.put(Invocation(str(uuid.uuid4()), json.dumps(event).encode(), seconds))
        if not self.asked.get(timeout=_START_SECONDS_MAX):
            raise StartFailed(self.init_errors.get())
        try:
            return self.outcomes.get(timeout=seconds)
        except queue.Empty:
            raise CutOff(f"Task timed out after {seconds:.2f} seconds") from None

    def close(self) -> None:
        self.invocations.put(None)  # ends the wait for the next one
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        match self.path.removeprefix(_PATH):
            case "invocation/next":
                self._next()
            case "restore/next":
                self.server.restored.set()
                self._answer(200, b"{}", {})
            case _:
                self._answer(404, b"{}", {})

    def _next(self) -> None:
        invocation = self.server.invocations.get()
        if invocation is None:
            self.close_connection = True
            return
        self.server.current = invocation, time.monotonic()
        self.server.asked.put(True)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + invocation.seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:forebay",
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        }
        self._answer(200, invocation.event, headers)

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.removeprefix(_PATH)
        if path == "init/error":
            self._answer(202, b'{"status":"OK"}', {})
            self.server.init_errors.put(content)
            self.server.asked.put(False)
            return
        kind, request_id, outcome = path.split("/")
        current, self.server.current = self.server.current, None
        if current is None or (kind, request_id) != ("invocation", current[0].request_id):
            self._answer(400, b'{"errorType":"InvalidRequestID"}', {})
            return
        answer, error = (content, None) if outcome == "response" else (None, content)
        if int(self.headers["content-length"]) <= _ANSWER_BYTES_MAX:
            self._answer(202, b'{"status":"OK"}', {})
        else:
            answer, error = None, {"errorType": "Function.ResponseSizeTooLarge"}
            self._answer(413, b'{"errorType":"RequestEntityTooLarge"}', {})
        self.server.outcomes.put(Outcome(request_id, answer, error, time.monotonic() - current[1]))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""
