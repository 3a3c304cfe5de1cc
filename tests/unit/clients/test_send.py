"""docs/clients/send.py: what it repeats, how long it waits, and how it cuts lines into requests."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from docs.clients import send

_ACCEPTED = httpx.Response(202, json={"records": [{"id": "1"}]})


class Api:
    """Answers in turn; the last answer again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.keys: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers["idempotency-key"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each wait, without chance."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr("random.uniform", lambda least, _most: least)
    return waited


def sent(api: Api) -> list[Any]:
    with httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(api)) as client:
        return send.send(client, b'{"a":1}')


@pytest.mark.parametrize(
    "failure",
    [
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
    ],
    ids=lambda failure: str(getattr(failure, "status_code", type(failure).__name__)),
)
def test_it_repeats_under_one_key_what_may_succeed(failure: httpx.Response | Exception, waits: list[float]) -> None:
    api = Api(failure, failure, _ACCEPTED)
    assert sent(api) == [{"id": "1"}]
    assert (len(api.keys), len(set(api.keys))) == (3, 1)
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_it_does_not_repeat_what_is_refused(status: int, waits: list[float]) -> None:
    api = Api(httpx.Response(status, text="why"))
    with pytest.raises(send.RecordsRefused, match=f"{status} why"):
        sent(api)
    assert (len(api.keys), waits) == (1, [])


def test_it_gives_up_after_its_attempts_and_says_what_was_answered(waits: list[float]) -> None:
    api = Api(httpx.Response(503, text="busy"))
    with pytest.raises(send.RecordsRefused, match="after 8 attempts: 503 busy"):
        sent(api)
    assert (len(api.keys), waits) == (8, [0.5, 1, 2, 4, 8, 16, 30])


@pytest.mark.parametrize(
    ("wanted", "waited"),
    [("7", 7), ("0", 0.5), ("86400", 300), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.5), ("-1", 0.5)],
)
def test_it_waits_as_long_as_the_answer_asks_within_bounds(wanted: str, waited: float, waits: list[float]) -> None:
    sent(Api(httpx.Response(503, headers={"retry-after": wanted}), _ACCEPTED))
    assert waits == [waited]


def test_two_requests_have_two_keys() -> None:
    api = Api(_ACCEPTED)
    sent(api)
    sent(api)
    assert len(set(api.keys)) == 2


def lines(number: int, size: int) -> Iterator[bytes]:
    return (b"x" * (size - 1) + b"\n" for _ in range(number))


@pytest.mark.parametrize(
    ("number", "size", "requests"), [(2500, 10, 3), (10, 1_000_000, 4), (1, 5_000_000, 1), (0, 1, 0)]
)
def test_a_request_holds_a_thousand_lines_or_three_megabytes(number: int, size: int, requests: int) -> None:
    found = list(send.requests_of(lines(number, size)))
    assert len(found) == requests
    assert sum(len(request.split(b"\n")) for request in found) == number
    assert all(len(request) <= send.BYTES_MAX or size > send.BYTES_MAX for request in found)


def test_empty_lines_are_left_out() -> None:
    assert list(send.requests_of([b"a\r\n", b"\n", b"  \n", b"b"])) == [b"a\nb"]


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://abc.execute-api.eu-central-1.amazonaws.com", "execute-api"),
        ("https://abc.lambda-url.eu-central-1.on.aws", "lambda"),
        ("https://records.example", "execute-api"),
    ],
)
def test_it_signs_for_the_front(url: str, service: str) -> None:
    session = boto3.Session("key", "secret", "token", region_name="eu-central-1")
    signed = send.signature(url, session)(httpx.Request("POST", f"{url}/records", content=b"{}"))
    assert f"/eu-central-1/{service}/aws4_request" in signed.headers["authorization"]
    assert signed.headers["x-amz-security-token"] == "token"
