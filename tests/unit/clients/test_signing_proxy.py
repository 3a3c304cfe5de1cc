"""docs/clients/signing_proxy.py as people start it, in front of an API of the test's own."""

import gzip
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from dev.paths import ROOT
from docs.clients import signing_proxy
from tests.harness.ports import free_ports
from tests.harness.waiting import eventually

_SCRIPT = ROOT / "docs" / "clients" / "signing_proxy.py"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1"}


@dataclass
class Api:
    """Keeps what it got; answers when it is let go."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    api.let_go.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            api.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            api.let_go.wait(30)
            self.send_response(503)
            for name, value in {"retry-after": "9", "set-cookie": "a=b", "content-length": "2"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"no")

        def log_message(self, *_arguments: object) -> None:
            """Not to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield api
    api.let_go.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(api: Api, tmp_path: Path) -> Iterator[int]:
    """Its port."""
    (port,) = free_ports(1)
    with started(tmp_path, API_URL=api.url, PORT=port, WEB_CONCURRENCY="2", **_CREDENTIALS) as process:
        eventually(lambda: process.poll() is not None or listens("127.0.0.1", int(port)))
        assert process.poll() is None
        yield int(port)
        process.terminate()
        process.wait(40)


def started(home: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **variables}
    return subprocess.Popen([sys.executable, _SCRIPT], env=environment, stderr=subprocess.PIPE, text=True)


def listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def post(port: int, **more: object) -> httpx.Response:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return client.post("/records", **{"content": b"{}", **more})  # type: ignore[arg-type] # httpx's own


def test_it_listens_on_loopback_only(proxy: int) -> None:
    """Linux answers on all of 127.0.0.0/8 where a server listens on all addresses."""
    assert listens("127.0.0.1", proxy)
    assert not listens("127.0.0.2", proxy)


def test_it_signs_and_hands_on_what_concerns_the_records_and_nothing_else(proxy: int, api: Api) -> None:
    body = gzip.compress(b'{"id":"1"}')
    answer = post(
        proxy,
        content=body,
        headers={
            "content-type": "application/x-ndjson",
            "content-encoding": "gzip",
            "idempotency-key": b"\xfc",
            "x-request-id": "mine",
            "authorization": "Basic x",
            "cookie": "a=b",
        },
    )
    ((headers, got),) = api.got
    assert got == body
    assert {name: headers[name] for name in ("content-type", "content-encoding", "x-request-id")} == {
        "content-type": "application/x-ndjson",
        "content-encoding": "gzip",
        "x-request-id": "mine",
    }
    assert "idempotency-key" in headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert "/eu-central-1/execute-api/aws4_request" in headers["authorization"]
    assert "cookie" not in headers
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "no", "9")
    assert "set-cookie" not in answer.headers


def test_more_requests_at_once_than_it_passes_on_are_asked_to_come_again(proxy: int, api: Api) -> None:
    api.let_go.clear()
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(proxy, timeout=30)))
        for _ in range(signing_proxy.REQUESTS_AT_ONCE_MAX)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: len(api.got) == signing_proxy.REQUESTS_AT_ONCE_MAX)
    refused = post(proxy)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    api.let_go.set()
    for thread in threads:
        thread.join()
    assert [answer.headers["retry-after"] for answer in answers] == ["9"] * signing_proxy.REQUESTS_AT_ONCE_MAX


def test_idle_connections_keep_nobody_out(proxy: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", proxy)) for _ in range(50)]
    assert post(proxy).headers["retry-after"] == "9"
    for each in idle:
        each.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://page.example"}, 403),
        ({"host": "page.example"}, 403),
        ({"content-length": "999999999"}, 413),
    ],
)
def test_what_it_refuses_before_the_body_has_come_ends_the_connection(
    proxy: int, api: Api, headers: dict[str, str], status: int
) -> None:
    lines = {"host": f"127.0.0.1:{proxy}", "content-length": "1000", **headers}
    with socket.create_connection(("127.0.0.1", proxy), timeout=20) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"POST /records HTTP/1.1\r\n{head}\r\n{{".encode())
        answer = b""
        while received := connection.recv(4096):
            answer += received
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert api.got == []


def test_without_credentials_it_does_not_start_and_says_what_to_set(tmp_path: Path) -> None:
    with started(tmp_path, API_URL="https://api.example", AWS_REGION="eu-central-1") as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told.startswith("no AWS credentials or no region: set AWS_PROFILE")
