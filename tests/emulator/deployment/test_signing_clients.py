"""docs/clients' ways to post to a closed API, against one that checks signatures: the Python client, and a shipper that
cannot sign behind the proxy that does.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import uvicorn

from docs.clients import send, signing_proxy
from tests.emulator.deployment.emulator import REGION, Deployment, emulator
from tests.emulator.deployment.test_access import may_invoke, user
from tests.harness.ports import free_ports
from tests.harness.syslog_ng import running_syslog_ng, send_lines
from tests.harness.waiting import eventually


class Loopback(httpx.HTTPTransport):
    """Connects to the emulator under the API's host name, which no resolver knows. Perhaps it loses answers."""

    def __init__(self, answers_lost: int = 0) -> None:
        super().__init__()
        self.answers_lost = answers_lost
        self.keys: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1")
        self.keys.append(request.headers.get("idempotency-key", ""))
        response = super().handle_request(request)
        if len(self.keys) <= self.answers_lost:
            response.close()
            raise httpx.ReadTimeout("the answer was lost")
        return response


@pytest.fixture(scope="module")
def closed() -> Iterator[Deployment]:
    with emulator(strict=True) as aws:
        yield aws.deploy()


@pytest.fixture(scope="module")
def session(closed: Deployment) -> boto3.Session:
    key, secret = user(closed, "shipper", may_invoke(closed))
    return boto3.Session(key, secret, region_name=REGION)


def client(closed: Deployment, session: boto3.Session, transport: Loopback) -> httpx.Client:
    return httpx.Client(base_url=closed.url, auth=send.signature(closed.url, session), transport=transport, timeout=20)


@pytest.fixture
def proxy(closed: Deployment, session: boto3.Session) -> Iterator[str]:
    """Its URL."""
    (port,) = free_ports(1)
    signed = httpx.Client(
        base_url=closed.url, auth=signing_proxy.signature(closed.url, session), transport=Loopback(), timeout=20
    )
    server = uvicorn.Server(
        uvicorn.Config(signing_proxy.proxy(signed), host="127.0.0.1", port=int(port), log_level="warning", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    signed.close()


def stored(closed: Deployment, text: str) -> list[dict[str, Any]]:
    return [item for item in closed.items() if item.get("message", {}).get("S", "").startswith(text)]


def test_the_python_client_signs_repeats_under_one_key_and_stores_once(
    closed: Deployment, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    transport = Loopback(answers_lost=2)
    lines = b"".join(json.dumps({"message": f"python {n}"}).encode() + b"\n" for n in range(20))
    with client(closed, session, transport) as signed, monkeypatch.context() as patched:
        patched.setattr("time.sleep", waits.append)
        receipts = send.send(signed, lines)
    assert len(receipts) == 20
    assert (len(waits), len(transport.keys), len(set(transport.keys))) == (2, 3, 1)
    eventually(lambda: closed.messages() == 0)
    assert sorted(item["message"]["S"] for item in stored(closed, "python")) == sorted(f"python {n}" for n in range(20))


def test_the_python_client_does_not_repeat_what_is_refused(closed: Deployment, session: boto3.Session) -> None:
    transport = Loopback()
    with client(closed, session, transport) as signed, pytest.raises(send.RecordsRefused, match=r"422 .*key_invalid"):
        send.send(signed, b'{"id": ""}\n')
    stranger = boto3.Session("unknown", "unknown", region_name=REGION)
    with client(closed, stranger, transport) as signed, pytest.raises(send.RecordsRefused, match="403"):
        send.send(signed, b'{"id": "a"}\n')
    assert len(transport.keys) == 2


def test_a_shipper_that_cannot_sign_posts_through_the_proxy_and_each_line_is_stored_once(
    closed: Deployment, proxy: str, tmp_path: Path
) -> None:
    with running_syslog_ng(proxy, tmp_path) as port:
        send_lines(port, [f"through the proxy {n}" for n in range(250)])
        eventually(lambda: len(stored(closed, "through the proxy")) >= 250, 60)
    eventually(lambda: closed.messages() == 0)
    texts = [item["message"]["S"] for item in stored(closed, "through the proxy")]
    assert sorted(texts) == sorted(f"through the proxy {n}" for n in range(250))


def test_the_proxy_hands_on_answers_and_is_closed_to_web_pages(proxy: str) -> None:
    with httpx.Client(base_url=proxy, trust_env=False) as shipper:
        refused = shipper.post("/records", json={"id": ""})
        assert (refused.status_code, refused.json()["code"]) == (422, "records_invalid")
        assert refused.headers["content-type"] == "application/problem+json"
        for headers in ({"origin": "https://page.example"}, {"host": "page.example"}):
            assert shipper.post("/records", json={"id": "a"}, headers=headers).status_code == 403
        assert shipper.get("/records").status_code == 405
        assert shipper.post("/other", json={}).status_code == 404
        too_large = shipper.post("/records", content=b"x" * (signing_proxy.BODY_BYTES_MAX + 1))
        assert too_large.status_code == 413


def test_the_proxy_asks_to_repeat_when_the_api_does_not_answer() -> None:
    (port,) = free_ports(1)
    nobody = httpx.Client(base_url=f"http://127.0.0.1:{port}")
    transport = httpx.ASGITransport(signing_proxy.proxy(nobody))

    async def post() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as shipper:
            return await shipper.post("/records", json={"id": "a"})

    answer = asyncio.run(post())
    nobody.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
