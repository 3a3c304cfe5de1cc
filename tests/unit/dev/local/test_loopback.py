"""HTTP to loopback goes past proxies; so do clients of the local stack, whatever the user's AWS settings are."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ProfileNotFound, ProxyConnectionError

from dev.local.loopback import responds
from dev.paths import ROOT
from ops.local_session import local_session

_DEAD_PROXY = "http://127.0.0.1:9"
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


class Server(BaseHTTPRequestHandler):
    """Answers every request like SQS's ListQueues, with one queue."""

    def do_GET(self) -> None:
        content = b'{"QueueUrls": ["http://127.0.0.1/1/q"]}'
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def hostile_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy that does not answer, a profile that does not exist, and shared files that say something else."""
    for name in list(os.environ):
        if name.lower() == "no_proxy" or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, _DEAD_PROXY)
    shared = tmp_path / "config"
    shared.write_text("[default]\nregion = elsewhere\nendpoint_url = http://127.0.0.1:9\n")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(shared))
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, "unknown")
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "somebody's")


def test_a_url_responds_with_the_expected_body_or_not(url: str) -> None:
    assert responds(url)
    assert responds(url, b'{"QueueUrls": ["http://127.0.0.1/1/q"]}')
    assert not responds(url, b"another stack's token")
    assert not responds("http://127.0.0.1:9")


def test_a_proxy_is_not_asked_for_loopback(url: str) -> None:
    """In a process of its own, because urllib may read the proxies once."""
    program = f"from dev.local.loopback import responds; print(responds({url!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def queues(session: boto3.session.Session, url: str) -> Any:
    client = session.client("sqs", endpoint_url=url)
    try:
        return client.list_queues()["QueueUrls"]
    finally:
        client.close()


def test_a_local_session_ignores_proxies_profiles_and_shared_files(url: str) -> None:
    session = local_session(_ENVIRONMENT)
    credentials: Any = session.get_credentials()
    assert (credentials.access_key, credentials.token, session.region_name) == ("test", None, "us-east-1")
    assert queues(session, url) == ["http://127.0.0.1/1/q"]


def test_an_ordinary_session_does_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above means something."""
    with pytest.raises(ProfileNotFound):
        boto3.session.Session("test", "test", region_name="us-east-1")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ProxyConnectionError):
        queues(boto3.session.Session("test", "test", region_name="us-east-1"), url)
