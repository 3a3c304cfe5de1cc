"""A request's body: how it may be compressed, and what it may cost."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.body import REQUEST_BYTES_MAX, decompress, read_body
from api.memory_budget import BudgetExceeded, Share
from api.problems import GzipMalformed, RequestTimedOut, RequestTooLarge
from api.time_limit import TimeLimit
from tests.unit.api.doubles import Sqs, app_of, budget, request

_GZIPPED = {"content-type": "application/json", "content-encoding": "gzip"}


def post(sqs: Sqs, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return request(app_of(sqs), "POST", "/records", content=body, headers=names)


@given(parts=st.lists(st.binary(max_size=200_000), min_size=1, max_size=4))
def test_every_gzip_stream_is_decompressed_whole(parts: list[bytes]) -> None:
    assert decompress(b"".join(map(gzip.compress, parts))) == b"".join(parts)


@given(data=st.binary(min_size=1, max_size=200))
def test_a_body_that_is_not_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(GzipMalformed):
        decompress(b"\x1f\x8c" + data)


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_a_truncated_gzip_body_is_refused(cut: int) -> None:
    with pytest.raises(GzipMalformed):
        decompress(gzip.compress(bytes(range(256)))[:-cut])


def test_a_gzip_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(bytes(1_000_000_000), 9)
    assert len(bomb) < REQUEST_BYTES_MAX
    tracemalloc.start()
    with pytest.raises(RequestTooLarge):
        decompress(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * REQUEST_BYTES_MAX


def test_gzipped_records_are_accepted() -> None:
    sqs = Sqs()
    answer = request(app_of(sqs), "POST", "/records", content=gzip.compress(b'{"id":"1"}'), headers=_GZIPPED)
    assert (answer.status_code, sqs.bodies) == (202, ['{"id":"1"}'])


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b'{"id":"1"}', "gzip", 400, "gzip_malformed"),
        (gzip.compress(bytes(REQUEST_BYTES_MAX + 1), mtime=0), "gzip", 413, "request_too_large"),
        (b"{}", "br", 415, "content_encoding_unsupported"),
        (b"{}", "gzip, gzip", 415, "content_encoding_unsupported"),
        (b"", "gzip", 400, "gzip_malformed"),
        (gzip.compress(b"", mtime=0), "gzip", 400, "json_malformed"),
        (gzip.compress(b"{}", mtime=0), "identity, gzip", 202, None),
    ],
)
def test_a_body_that_cannot_be_decompressed_is_a_problem(
    body: bytes, encoding: str, status: int, code: str | None
) -> None:
    answer = post(Sqs(), body, content_type="application/json", content_encoding=encoding)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert status != 415 or answer.headers["accept-encoding"] == "gzip, identity"


def test_a_body_without_a_length_is_given_up_as_soon_as_it_is_over_the_limit() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536
            await asyncio.sleep(0)

    # httpx's ASGI transport hands the chunks over one by one, and asks for no more than the app does.
    answer = post(Sqs(), endless(), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert sent <= REQUEST_BYTES_MAX + 2 * 65_536


@pytest.mark.parametrize(
    "content_type", ["application/x-ndjson", "application/jsonl", "application/x-ndjson; charset=utf-8"]
)
def test_newline_delimited_records_are_accepted(content_type: str) -> None:
    sqs = Sqs()
    body = b'{"id":"1"}\n\n{"id":"2"}\r\n  \n{"id":"3"}'
    answer = post(sqs, body, content_type=content_type)
    assert answer.status_code == 202
    assert [receipt["id"] for receipt in answer.json()["records"]] == ["1", "2", "3"]
    assert sqs.bodies == ['{"id":"1"}', '{"id":"2"}', '{"id":"3"}']


def test_every_bad_line_is_named_with_its_place() -> None:
    sqs = Sqs()
    body = b'{"id":"1"}\n{"id":\n\n{"id":"2","n":1e126}\n7\n{"id":"3"}}'
    answer = post(sqs, body, content_type="application/x-ndjson")
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(error["index"], error["pointer"], error["code"]) for error in errors] == [
        (1, "", "json_malformed"),
        (2, "/n", "number_out_of_range"),
        (3, "", "record_not_an_object"),
        (4, "", "json_malformed"),
    ]
    assert "(line 2, column 6)" in errors[0]["detail"]
    assert "(line 6, column 11)" in errors[3]["detail"]
    assert sqs.batches == []


@pytest.mark.parametrize("headers", [{}, {"content-type": ""}], ids=["no header", "an empty one"])
@pytest.mark.parametrize(
    ("body", "status", "ids"),
    [
        ('{"id": "1"}', 202, ["1"]),
        ('\n{"id": "1"}\n\n', 202, ["1"]),
        ('[{"id": "1"},\n{"id": "2"}]', 202, ["1", "2"]),
        ('{"id": "1"}\n{"id": "2"}\n', 202, ["1", "2"]),
        ('{"id": "1"}\n{"id": \n', 422, []),
        ('{"id": "1"} {"id": "2"}', 400, []),
        ('{"id":\n', 400, []),
        ("a=b", 400, []),
        ("", 400, []),
    ],
)
def test_without_a_content_type_the_bytes_decide(
    body: str, status: int, ids: list[str], headers: dict[str, str]
) -> None:
    answer = request(app_of(), "POST", "/records", content=body, headers=headers)
    assert answer.status_code == status
    assert [receipt["id"] for receipt in answer.json().get("records", ())] == ids


@pytest.mark.parametrize("headers", [{}, {"content-type": ""}], ids=["no header", "an empty one"])
def test_a_web_page_has_to_name_the_content_type(headers: dict[str, str]) -> None:
    """Any page may send a request that names none; a browser asks before it sends one that names JSON."""
    page = {"origin": "https://page.example", **headers}
    answer = request(app_of(), "POST", "/records", content='{"id": "1"}', headers=page)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")


def test_lines_sent_as_json_are_refused_with_the_type_that_they_need() -> None:
    answer = post(Sqs(), b'{"id": "1"}\n{"id": "2"}\n', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "json_malformed")
    assert (answer.json()["line"], answer.json()["column"]) == (2, 1)
    assert "one record a line is sent as application/x-ndjson" in answer.json()["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/json; a=b; charset=latin-1",
        "*/*",
    ],
)
def test_another_content_type_is_refused_and_says_which_are_taken(content_type: str) -> None:
    answer = post(Sqs(), b"{}", content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert "application/x-ndjson" in answer.json()["detail"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_is_taken_however_its_type_is_written(content_type: str) -> None:
    assert post(Sqs(), b"{}", content_type=content_type).status_code == 202


def test_too_many_lines_are_refused_before_all_are_read() -> None:
    answer = post(Sqs(), b"{}\n" * 10_001, content_type="application/x-ndjson")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_records")


def test_the_answer_to_many_faults_is_bounded() -> None:
    body = json.dumps([{"id": "", "n" * 60_000: ""}] * 50 + [{"": 1}] * 500).encode()
    answer = post(Sqs(), body, content_type="application/json")
    assert len(answer.json()["errors"]) == 100
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_body_is_never_accepted(content_type: str, body: bytes) -> None:
    answer = post(Sqs(), body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (400, "json_malformed")


def test_a_body_that_is_not_as_long_as_it_says_is_refused() -> None:
    answer = post(Sqs(), b'{"id":"1"}\n', content_type="application/x-ndjson", content_length="22")
    assert (answer.status_code, answer.json()["code"]) == (400, "body_incomplete")


def test_a_content_type_that_is_sent_twice_counts_once() -> None:
    headers = [("content-type", "application/x-ndjson")] * 2
    assert request(app_of(), "POST", "/records", content=b"{}", headers=headers).status_code == 202


_TWICE = [
    [("content-type", "application/json"), ("content-type", "text/plain")],
    [("content-type", "application/json"), ("content-encoding", "gzip"), ("content-encoding", "gzip")],
    [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")],
]


@pytest.mark.parametrize("headers", _TWICE)
def test_headers_that_contradict_each_other_are_refused(headers: list[tuple[str, str]]) -> None:
    assert request(app_of(), "POST", "/records", content=b"{}", headers=headers).status_code in {400, 415}


def test_members_of_a_gzip_stream_cost_no_more_than_their_bytes() -> None:
    """As many as fit: time that grows with the square of their number would never end here."""
    assert decompress(gzip.compress(b"") * 300_000) == b""


def test_bodies_share_a_memory_budget_until_their_requests_are_answered() -> None:
    """Each may have six megabytes and be slow. A request beyond the budget is refused; at the end nothing is held."""
    time_limit, shared = TimeLimit(30), budget(3_000_000)

    class Slow:
        """A request that sends one piece, and the last one when it is let go."""

        def __init__(self) -> None:
            self.let_go = asyncio.Event()
            self.pieces = [{"body": bytes(1_000_000), "more_body": True}, {"body": b"", "more_body": False}]

        async def receive(self) -> Any:
            if len(self.pieces) == 1:
                await self.let_go.wait()
            return {"type": "http.request", **self.pieces.pop(0)}

    async def scenario() -> list[int]:
        slow: list[Any] = [Slow() for _ in range(3)]
        shares = [Share(shared) for _ in slow]
        tasks = [
            asyncio.create_task(read_body(each.receive, "", time_limit, share))
            for each, share in zip(slow, shares, strict=True)
        ]
        await asyncio.sleep(0.01)
        with pytest.raises(BudgetExceeded), Share(shared) as refused:
            await asyncio.create_task(read_body(Slow().receive, "", time_limit, refused))
        for each in slow:
            each.let_go.set()
        lengths = [len(await task) for task in tasks]
        assert shared.used == 3_000_000
        for share in shares:
            with share:
                pass  # the request's work
        return lengths

    assert asyncio.run(scenario()) == [1_000_000] * 3
    assert shared.used == 0


def test_a_body_that_takes_too_long_is_given_up_and_its_connection_with_it() -> None:
    class Never:
        async def receive(self) -> Any:
            await asyncio.Event().wait()

    async def scenario() -> None:
        with pytest.raises(RequestTimedOut) as raised:
            await asyncio.create_task(read_body(Never().receive, "", TimeLimit(0.05), Share(budget(1))))
        assert raised.value.headers == {"Connection": "close"}

    asyncio.run(scenario())
