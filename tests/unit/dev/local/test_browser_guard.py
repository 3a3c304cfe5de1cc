"""The browser guard, around an app that answers everything with 200 and lets every page read it."""

import asyncio
from typing import Any

import httpx
import pytest

from dev.local.asgi import AsgiMessage, Receive, Scope, Send
from dev.local.browser_guard import BrowserGuard

_OWN = "http://127.0.0.1:4566"


async def open_to_all(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    assert scope["type"] == "http"
    cors = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-max-age", b"86400")]
    await send({"type": "http.response.start", "status": 200, "headers": [*cors, (b"x-kept", b"1")]})
    await send({"type": "http.response.body", "body": b"secret"})


guard = BrowserGuard(open_to_all, (b"execute-api.localhost",), frozenset({"/"}))


def ask(headers: dict[str, str], method: str = "GET", url: str = f"{_OWN}/") -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
            return await client.request(method, url, headers=headers)

    return asyncio.run(send())


def connects(headers: dict[str, str]) -> bool:
    """Whether a websocket is accepted."""
    sent: list[AsgiMessage] = []

    async def receive() -> AsgiMessage:
        return {"type": "websocket.connect"}

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "websocket", "path": "/", "headers": []}
    scope["headers"] = [(name.encode(), text.encode()) for name, text in headers.items()]
    asyncio.run(guard(scope, receive, send))
    (message,) = sent
    assert message["type"] in {"websocket.accept", "websocket.close"}
    return bool(message["type"] == "websocket.accept")


# ── the name ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "host", ["127.0.0.1:4566", "127.0.0.1", "localhost:1", "LocalHost:4566", "1a2b3c4d.execute-api.localhost:4566"]
)
def test_the_names_of_loopback_and_of_deployed_apis_are_answered(host: str) -> None:
    assert ask({"host": host}).text == "secret"
    assert connects({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "page.example",
        "page.example:4566",
        "127.0.0.1.page.example:4566",
        "localhost.page.example",
        "page.localhost",
        "execute-api.localhost.page.example",
        "pageexecute-api.localhost",
        "127.0.0.2",
        "localhost.",
        "",
    ],
)
def test_another_name_is_misdirected(host: str) -> None:
    answer = ask({"host": host})
    assert (answer.status_code, answer.text) == (421, "only under the names of loopback\n")
    assert ask({"host": host, "origin": f"http://{host}"}).status_code == 421
    assert not connects({"host": host})


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:4566"])
def test_the_servers_own_page_may_send_everything(host: str) -> None:
    own = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert ask(own, "POST").status_code == 200
    assert connects(own)


@pytest.mark.parametrize(
    "origin",
    [
        "https://page.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://localhost:4566",
        "https://127.0.0.1:4566",
        "http://127.0.0.1:4566.page.example",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_a_page_of_another_origin_is_refused(origin: str, method: str) -> None:
    headers = {"host": "127.0.0.1:4566", "origin": origin}
    answer = ask(headers, method)
    assert (answer.status_code, answer.text) == (403, "not for web pages of another origin\n")
    assert not connects(headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("destination", ["image", "script", "empty", "iframe", "document"])
def test_what_a_page_of_another_origin_requests_without_its_origin_is_refused(site: str, destination: str) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-dest": destination}
    assert ask(headers, url=f"{_OWN}/?Action=CreateQueue").status_code == (200 if destination == "document" else 403)
    assert ask(headers, url=f"{_OWN}/elsewhere?Action=CreateQueue").status_code == 403


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_the_user_opens_and_what_the_own_page_loads_is_answered(site: str) -> None:
    assert ask({"sec-fetch-site": site}, url=f"{_OWN}/elsewhere").status_code == 200


def test_no_answer_lets_a_page_read_it_or_show_it_in_a_frame() -> None:
    for answer in (ask({}), ask({"origin": "https://page.example"}), ask({"host": "page.example"})):
        assert [name for name in answer.headers if name.startswith("access-control-")] == []
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert ask({}).headers["x-kept"] == "1"


def test_the_lifespan_passes() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    async def unused(*_: AsgiMessage) -> Any:
        raise AssertionError

    asyncio.run(BrowserGuard(app)({"type": "lifespan"}, unused, unused))
    assert seen == ["lifespan"]
