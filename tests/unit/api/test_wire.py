"""What the app answers to bytes on the wire, under a real uvicorn with h11."""

import json
import re
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.request_target import AbsoluteForm
from dev.paths import ROOT
from tests.unit.api.doubles import DynamoDb, Sqs, app_of
from tests.unit.api.uvicorn_server import exchange, serving

_KEYS = ["a/b", "http://h/x", "%2F", "ж", "a+b", " ", "\n"]
_ITEMS = {key: {"id": {"S": key}} for key in [*_KEYS, "\ufffd"]}
_RECORD = b'{"id":"1"}'


@pytest.fixture(scope="module")
def sqs() -> Sqs:
    return Sqs()


@pytest.fixture(scope="module", params=["", "/prefix"], ids=["plain", "root-path"])
def server(sqs: Sqs, request: pytest.FixtureRequest) -> Iterator[uvicorn.Server]:
    with serving(app_of(sqs, DynamoDb(_ITEMS)), root_path=request.param) as running:
        yield running


def answer(server: uvicorn.Server, line: str, body: bytes = b"", *headers: str) -> tuple[bytes, bytes]:
    """Head and body of the answer to one request."""
    lines = [line, "host: api", "connection: close", f"content-length: {len(body)}", *headers]
    head, _, content = exchange(server, "\r\n".join([*lines, "", ""]).encode() + body).partition(b"\r\n\r\n")
    return head, content


def status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


# ── absolute form, as proxies' clients send it ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "target",
    [
        "http://api/records",
        "http://api:8000/records",
        "HTTPS://api/records/",
        "http://user:word@api/records",
        "http://[::1]:8000/records",
    ],
)
def test_records_are_accepted_with_an_absolute_target(server: uvicorn.Server, sqs: Sqs, target: str) -> None:
    before = len(sqs.bodies)
    head, content = answer(server, f"POST {target} HTTP/1.1", _RECORD)
    assert (status(head), sqs.bodies[before:]) == (202, [_RECORD.decode()]), content


@pytest.mark.parametrize("key", _KEYS)
def test_an_absolute_target_reads_the_same_record_as_its_path_does(server: uvicorn.Server, key: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in key.encode())
    for path in (f"/records/{encoded}", f"/records?id={encoded}"):
        for target in (path, f"http://api{path}"):
            head, content = answer(server, f"GET {target} HTTP/1.1")
            assert (status(head), json.loads(content)) == (200, {"id": key}), target


@pytest.mark.parametrize("path", ["/records/%FF", "/records?id=%FF"])
def test_what_is_not_utf_8_reads_no_other_record_with_an_absolute_target_either(
    server: uvicorn.Server, path: str
) -> None:
    assert [status(answer(server, f"GET {target} HTTP/1.1")[0]) for target in (path, f"http://api{path}")] == [404, 404]


def test_an_authority_alone_is_the_root(server: uvicorn.Server) -> None:
    assert status(answer(server, "GET http://api HTTP/1.1")[0]) == 307
    assert status(answer(server, "GET http://api?id=1 HTTP/1.1")[0]) == 307


def test_the_authority_of_an_absolute_target_replaces_host() -> None:
    """For whatever may look at it one day: RFC 9112, section 3.2.2."""
    seen: list[list[bytes]] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append([value for name, value in scope["headers"] if name == b"host"])
        await Response()(scope, _receive, send)

    with serving(AbsoluteForm(app)) as server:
        for target in ("http://user:word@real:1/x", "/x", "/http://real/x"):
            answer(server, f"GET {target} HTTP/1.1")
    assert seen == [[b"real:1"], [b"api"], [b"api"]]


@pytest.mark.parametrize("target", ["ftp://api/health", "http:/health", "api/health", "http//api/health", "*"])
def test_what_is_neither_a_path_nor_an_http_address_is_no_path(server: uvicorn.Server, target: str) -> None:
    head, content = answer(server, f"GET {target} HTTP/1.1")
    assert (status(head), json.loads(content)["code"]) == (404, "not_found")


# ── HEAD ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", ["/records?id=a%2Fb", "/records/a%2Fb", "/records/none", "/buffer", "/health", "/"])
def test_head_has_the_headers_of_get_and_no_body(server: uvicorn.Server, path: str) -> None:
    (got, content), (headed, nothing) = (
        answer(server, f"{method} {path} HTTP/1.1", b"", "x-request-id: one") for method in ("GET", "HEAD")
    )
    assert re.sub(rb"date: .*", b"", headed) == re.sub(rb"date: .*", b"", got)
    assert len(content) > 0
    assert nothing == b""


# ── uvicorn's own 400 ─────────────────────────────────────────────────────────────────────────────────────────────────
_TEXT = b"Invalid HTTP request received."
_POST = b"POST /records HTTP/1.1\r\nhost: api\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /a b HTTP/1.1\r\nhost: api\r\n\r\n",
        "GET /records/ж HTTP/1.1\r\nhost: api\r\n\r\n".encode(),
        b"G@T / HTTP/1.1\r\nhost: api\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: api\r\nhost: other\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: api\r\nno colon\r\n\r\n",
        _POST + b"content-length: two\r\n\r\n{}",
        _POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        _POST + b"transfer-encoding: gzip\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=[
        "space in the target",
        "target not encoded",
        "method",
        "no host",
        "two hosts",
        "header without a colon",
        "length is no number",
        "two lengths",
        "transfer coding",
        "TLS",
    ],
)
def test_what_is_not_http_gets_400_in_plain_text_and_the_connection_is_closed(
    server: uvicorn.Server, sent: bytes
) -> None:
    head, _, content = exchange(server, sent).partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines == [b"http/1.1 400 bad request", b"content-type: text/plain; charset=utf-8", b"connection: close"]
    assert content == _TEXT


def test_a_chunk_that_is_malformed_gets_the_same_400_in_chunks(server: uvicorn.Server, sqs: Sqs) -> None:
    before = len(sqs.bodies)
    received = exchange(server, _POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\nsix\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"\r\n\r\n1e\r\n" + _TEXT + b"\r\n0\r\n\r\n")
    assert len(sqs.bodies) == before


def test_a_header_over_64_kib_gets_the_same_400_before_it_is_complete(server: uvicorn.Server) -> None:
    begun = b"GET /health HTTP/1.1\r\nhost: api\r\nconnection: close\r\nx: "
    assert exchange(server, begun.ljust(65_536 + 1, b"x")).endswith(_TEXT)
    assert exchange(server, begun + b"x" * 60_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_the_docs_quote_that_400() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    lines = ["HTTP/1.1 400 Bad Request", "content-type: text/plain; charset=utf-8", "Connection: close"]
    assert "\n".join(["```", *lines, "", _TEXT.decode(), "```"]) in page
