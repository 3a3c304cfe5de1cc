"""Parsing beside the event loop: small bodies pass large ones, and nobody waits for a thread without a bound."""

import asyncio
import gzip
import json
import threading
from functools import partial
from typing import Any

import httpx
import pytest

from api.host import REAL
from api.ingest import endpoint
from api.ingest import parse as parsing
from api.ingest.lane import WAIT_SECONDS_MAX, Lane
from api.problems import ApiBusy
from tests.unit.api.doubles import Sqs, app_of, budget, request


def test_work_that_waited_for_the_thread_too_long_is_refused() -> None:
    now, begun = [0.0], list[str]()
    free = threading.Event()

    async def scenario() -> None:
        lane = Lane(REAL.threads(1, "test"), lambda: now[0])
        first = asyncio.create_task(lane.run(free.wait))
        await asyncio.sleep(0)
        second = asyncio.create_task(lane.run(partial(begun.append, "second")))
        await asyncio.sleep(0)
        now[0] = WAIT_SECONDS_MAX + 0.1
        free.set()
        await first
        with pytest.raises(ApiBusy):
            await second
        await lane.run(partial(begun.append, "third"))

    asyncio.run(scenario())
    assert begun == ["third"]


@pytest.mark.parametrize("large", [{"a": "x" * 200_000}, {"n": [1] * 20_000}], ids=["bytes", "values"])
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_a_small_request_is_answered_while_a_large_one_is_parsed(
    monkeypatch: pytest.MonkeyPatch, large: dict[str, Any], *, compress: bool
) -> None:
    """Also when the large one came as a few bytes of gzip."""
    parse_now, large_begun, let_go = parsing.parse_messages, threading.Event(), threading.Event()

    def parse(body: bytes, *rest: Any) -> Any:
        if b"small" not in body:
            large_begun.set()
            let_go.wait(30)
        return parse_now(body, *rest)

    monkeypatch.setattr(endpoint, "parse_messages", parse)
    large_body = json.dumps(large, separators=(",", ":")).encode()
    small = json.dumps({"id": "small", "a": "x" * 5000}).encode()
    headers = {"content-type": "application/json"} | ({"content-encoding": "gzip"} if compress else {})
    packed = gzip.compress if compress else bytes

    async def scenario() -> tuple[int, bool, int]:
        transport = httpx.ASGITransport(app_of(Sqs()))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            post = partial(client.post, "/records", headers=headers)
            first = asyncio.create_task(post(content=packed(large_body)))
            await asyncio.to_thread(large_begun.wait)
            second = await post(content=packed(small))
            was_waiting = not first.done()
            let_go.set()
            return second.status_code, was_waiting, (await first).status_code

    assert asyncio.run(scenario()) == (202, True, 202)


def test_bodies_beyond_the_budget_are_refused_at_once_while_the_others_are_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parse_now, let_go = parsing.parse_messages, threading.Event()

    def parse(*arguments: Any) -> Any:
        let_go.wait(30)
        return parse_now(*arguments)

    monkeypatch.setattr(endpoint, "parse_messages", parse)
    body = json.dumps({"id": "large", "a": "x" * 200_000}).encode()

    async def scenario() -> list[tuple[int, str]]:
        transport = httpx.ASGITransport(app_of(Sqs(), bodies=budget(500_000)))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            post = partial(client.post, "/records", content=body, headers={"content-type": "application/json"})
            held = [asyncio.create_task(post()) for _ in range(2)]
            await asyncio.sleep(0.1)
            refused = await post()
            let_go.set()
            answers = [refused, *await asyncio.gather(*held), await post()]
            return [(answer.status_code, answer.json().get("code", "")) for answer in answers]

    assert asyncio.run(scenario()) == [(503, "api_busy"), (202, ""), (202, ""), (202, "")]


@pytest.mark.parametrize(
    ("body", "lenient", "thread"),
    [
        (b"{}\n" * 150, False, "MainThread"),
        (b"{}\n" * 151, False, "parse-small"),
        (b"{}\n" * 1501, False, "parse-large"),
        (b"7\n" * 30, True, "MainThread"),
        (b"7\n" * 31, True, "parse-small"),
        (b"7\n" * 301, True, "parse-large"),
        (b"[" + b"7," * 300 + b"7]", True, "parse-large"),
    ],
)
def test_what_takes_long_is_parsed_beside_the_event_loop_however_few_bytes_it_has(
    monkeypatch: pytest.MonkeyPatch, body: bytes, *, lenient: bool, thread: str
) -> None:
    """Each line may be a record, and a bad record by itself takes as long as ten values."""
    seen: list[str] = []
    name = "parse_each" if lenient else "parse_messages"
    parse = getattr(endpoint, name)

    def noting(*arguments: Any, **named: Any) -> Any:
        seen.append(threading.current_thread().name)
        return parse(*arguments, **named)

    monkeypatch.setattr(endpoint, name, noting)
    headers = {"content-type": "application/x-ndjson" if b"\n" in body else "application/json"}
    headers |= {"prefer": "handling=lenient"} if lenient else {}
    assert request(app_of(Sqs()), "POST", "/records", content=body, headers=headers).status_code == 202
    (name_seen,) = seen
    assert name_seen.startswith(thread)
