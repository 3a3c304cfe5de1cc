"""`POST /records` is answered alike past FastAPI's routing and through it, which a prefix before the path needs."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.unit.api.doubles import Sqs, app_of

_JSON = {"content-type": "application/json", "x-request-id": "one"}
_LOSING: list[Any] = [lambda _: {}] * 100


def answer(root_path: str, path: str, sqs: Sqs, body: bytes, headers: dict[str, str]) -> tuple[int, Any, Any]:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app_of(sqs, seconds_max=0.1), root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.post(path, content=body, headers=headers)

    told = asyncio.run(ask())
    return told.status_code, sorted(told.headers.items()), told.json()


@pytest.mark.parametrize(
    ("body", "headers", "answers", "status"),
    [
        (b'{"id":"1"}', _JSON, [], 202),
        (b'[{"id":"1"},{"id":"2","a":[1.50]}]', _JSON, [], 202),
        (b"[]", _JSON, [], 202),
        (b'{"id":', _JSON, [], 400),
        (b'{"id":1}', _JSON, [], 422),
        (b"{}", {"content-type": "text/plain", "x-request-id": "one"}, [], 415),
        (b'{"id":"1"}', _JSON, _LOSING, 503),
    ],
)
def test_both_ways_answer_alike(body: bytes, headers: dict[str, str], answers: list[Any], status: int) -> None:
    short_sqs, long_sqs = Sqs(*answers), Sqs(*answers)
    short = answer("", "/records", short_sqs, body, headers)
    long = answer("/prefix", "/prefix/records", long_sqs, body, headers)
    assert short == long
    assert short[0] == status
    assert short_sqs.bodies == long_sqs.bodies
