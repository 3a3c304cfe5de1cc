"""Web pages of other origins, in a real browser and over HTTP: they reach neither the emulator nor the console."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.stack import Stack

_WAIT_MS = 60_000
_SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="
_HANDSHAKE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
_PAGE = "https://page.example"


@pytest.mark.parametrize(
    ("server", "path", "expected"),
    [
        ("CONSOLE_URL", "/", 200),
        ("CONSOLE_URL", "/_forebay/token", 200),
        ("CONSOLE_URL", f"{_SOCKET}polling", 200),
        ("AWS_ENDPOINT_URL", "/", 200),
        ("AWS_ENDPOINT_URL", "/_forebay/token", 200),
        ("AWS_ENDPOINT_URL", "/_forebay/counters", 403),  # it wants the token
    ],
)
def test_console_and_emulator_answer_under_their_own_names_and_to_their_own_pages_only(
    stack: Stack, server: str, path: str, expected: int
) -> None:
    url = stack[server] + path
    host = stack[server].removeprefix("http://")
    assert httpx.get(url, headers={"host": "page.example"}).status_code == 421
    refused = httpx.get(url, headers={"origin": _PAGE})
    assert (refused.status_code, refused.text) == (403, "not for web pages of another origin\n")
    asks = {"access-control-request-method": "PUT", "access-control-request-headers": "x-forebay-token"}
    assert httpx.options(url, headers={"origin": _PAGE, **asks}).status_code == 403
    for own in (host, host.replace("127.0.0.1", "localhost")):
        answer = httpx.get(url, headers={"host": own, "origin": f"http://{own}"})
        assert answer.status_code == expected
        assert [name for name in answer.headers if name.startswith("access-control-")] == []
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"


def test_only_the_consoles_own_page_connects_to_its_socket(stack: Stack) -> None:
    url = f"{stack['CONSOLE_URL']}{_SOCKET}websocket"
    own = stack["CONSOLE_URL"]

    def status(**headers: str) -> int:
        with httpx.stream("GET", url, headers=_HANDSHAKE | headers) as answer:
            return answer.status_code

    assert status(origin=own) == 101
    assert status(origin=_PAGE) == 403
    assert status(origin="http://127.0.0.1:3000") == 403
    assert status(host="page.example", origin="http://page.example") == 403


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture(params=["127.0.0.1", "localhost"])
def foreign(chrome: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of another origin: one of the same site, and one of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        opened = chrome.new_page()
        opened.goto(f"http://{request.param}:{server.server_port}/")
        yield opened
        opened.close()
        server.shutdown()
        thread.join()


_REACHES_OUT = """async ({aws, console, socket}) => {
    const create = name => `${aws}/?Action=CreateQueue&Version=2012-11-05&QueueName=made-by-${name}`;
    const done = element => new Promise(resolve => { element.onload = element.onerror = resolve; });
    const read = url => fetch(url).then(answer => answer.text(), () => "");
    const image = new Image();
    image.src = create("image");
    await done(image);
    const form = new URLSearchParams({Action: "CreateQueue", Version: "2012-11-05", QueueName: "made-by-post"});
    await fetch(create("fetch"), {mode: "no-cors"});
    await fetch(aws, {method: "POST", mode: "no-cors", body: form});
    const opened = open(create("window"));
    await new Promise(resolve => setTimeout(resolve, 1000));
    opened?.close();
    const frame = document.createElement("iframe");
    frame.src = console;
    document.body.append(frame);
    await done(frame);
    const connection = new WebSocket(socket);
    const connected = await new Promise(resolve => {
        connection.onopen = () => resolve(true);
        connection.onerror = () => resolve(false);
    });
    return {
        token: await read(`${aws}/_forebay/token`),
        console: await read(console),
        polled: await read(socket.replace("ws:", "http:").replace("websocket", "polling")),
        connected,
    };
}"""


def test_a_page_of_another_origin_reaches_neither_emulator_nor_console(foreign: Page, stack: Stack) -> None:
    console = stack["CONSOLE_URL"]
    socket = f"{console.replace('http', 'ws')}{_SOCKET}websocket"
    aws = stack["AWS_ENDPOINT_URL"]
    reached = foreign.evaluate(_REACHES_OUT, {"aws": aws, "console": console, "socket": socket})
    assert reached == {"token": "", "console": "", "polled": "", "connected": False}
    assert stack.client("sqs").list_queues(QueueNamePrefix="made-by-").get("QueueUrls", []) == []
    (frame,) = foreign.frames[1:]
    assert not frame.url.startswith(console)


def test_a_link_on_another_page_opens_the_console(foreign: Page, stack: Stack) -> None:
    foreign.set_content(f'<a href="{stack["CONSOLE_URL"]}/">console</a>')
    foreign.get_by_text("console").click()
    expect(foreign.get_by_test_id("state")).to_have_text(re.compile("empty|draining|dead letter"), timeout=_WAIT_MS)


def test_what_was_refused_left_no_error_in_the_consoles_log(stack: Stack) -> None:
    assert Path(stack["LOGS"], "console.log").read_text() == ""
