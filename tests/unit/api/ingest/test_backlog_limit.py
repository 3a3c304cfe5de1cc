"""A limit of the backlog: refused is on what is known, asked for beside requests, and never from before a freeze."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from api.ingest.backlog_limit import ASK_SECONDS, ESTIMATE_SECONDS_MAX, PAUSE_SECONDS_MAX, BacklogLimit
from api.problems import BacklogFull, QueueUnavailable
from tests.unit.api.doubles import NO_LIMIT, Sqs, app_of, ask

_HOURS_MAX = 1.0
_OVER, _UNDER = 3700.0, 3500.0


class Process:
    """An API process with this limit, on a clock that stands still unless it is moved."""

    def __init__(self, *estimates: float | None, may_freeze: bool = True) -> None:
        self.now = 1_700_000_000.0
        self._estimates = list(estimates)
        self.asked: list[float] = []
        self.answer = asyncio.Event()
        self.answer.set()
        self.limit = BacklogLimit(_HOURS_MAX, self._seconds_to_empty, lambda: self.now, may_freeze=may_freeze)

    async def _seconds_to_empty(self) -> float | None:
        self.asked.append(self.now)
        estimate = self._estimates.pop(0) if len(self._estimates) > 1 else self._estimates[0]
        await self.answer.wait()
        return estimate

    async def request(self, after: float = 0.0) -> float | None:
        """Sends one after so long. For how long it is refused; None if it is accepted."""
        self.now += after
        try:
            self.limit.check()
        except BacklogFull as full:
            return full.retry_seconds
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
        return None


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_the_first_request_is_accepted_and_asks_beside_it() -> None:
    async def scenario() -> None:
        process = Process(_OVER)
        assert [await process.request(), await process.request(1)] == [None, _OVER - 3600 - 1]

    run(scenario)


def test_below_the_limit_and_when_nothing_is_known_everything_is_accepted() -> None:
    async def scenario() -> None:
        for estimate in (_UNDER, None, 3600.0):
            process = Process(estimate)
            assert [await process.request(5) for _ in range(10)] == [None] * 10

    run(scenario)


def test_it_asks_at_most_once_in_ten_seconds_however_many_requests_arrive() -> None:
    async def scenario() -> None:
        process = Process(_UNDER)
        for _ in range(1000):
            await process.request(0.1)
        begun = process.asked[0]
        assert [at - begun for at in process.asked] == pytest.approx(
            [ASK_SECONDS * n for n in range(10)], abs=0.11 * 10
        )
        assert all(later - at >= ASK_SECONDS for at, later in zip(process.asked, process.asked[1:], strict=False))

    run(scenario)


def test_a_request_does_not_wait_for_the_answer() -> None:
    async def scenario() -> None:
        process = Process(_OVER)
        process.answer.clear()
        for _ in range(30):
            assert await process.request(1) is None
        assert len(process.asked) == 1  # it still waits
        process.answer.set()

    run(scenario)


def test_an_estimate_from_before_a_pause_refuses_nobody_even_if_its_answer_arrives_after_it() -> None:
    async def scenario() -> None:
        process = Process(_OVER, _UNDER)
        await process.request()
        assert await process.request(PAUSE_SECONDS_MAX) is not None
        assert await process.request(PAUSE_SECONDS_MAX + 1) is None
        late = Process(_OVER, _UNDER)
        late.answer.clear()
        await late.request()
        late.now += PAUSE_SECONDS_MAX + 1
        late.answer.set()  # thawed: the answer that was on its way arrives
        assert [await late.request(1) for _ in range(9)] == [None] * 9

    run(scenario)


@pytest.mark.parametrize("period", [PAUSE_SECONDS_MAX + 0.5, 60.0])
def test_where_nothing_freezes_a_producer_that_posts_seldom_is_refused_too(period: float) -> None:
    async def scenario() -> None:
        process = Process(_OVER * 10, may_freeze=False)
        answers = [await process.request(period) for _ in range(20)]
        assert answers[0] is None
        assert None not in answers[1:]

    run(scenario)


def test_nobody_is_refused_until_a_time_that_is_over() -> None:
    async def scenario() -> None:
        process = Process(3603.0)
        await process.request()
        assert [await process.request(1) for _ in range(5)] == [2.0, 1.0, None, None, None]

    run(scenario)


@pytest.mark.parametrize("estimate", [1e12, 1e300])
def test_room_in_the_far_future_has_a_time_too(estimate: float) -> None:
    async def scenario() -> None:
        process = Process(estimate)
        await process.request()
        assert await process.request(1) == 366 * 86_400

    run(scenario)


def test_an_estimate_older_than_two_minutes_refuses_nobody() -> None:
    async def scenario() -> None:
        process = Process(_OVER * 10)
        await process.request()
        process.answer.clear()  # SQS answers no more
        waited, refused = 0.0, list[float]()
        while waited < ESTIMATE_SECONDS_MAX + 60:
            waited += 5
            if await process.request(5) is not None:
                refused.append(waited)
        assert refused[-1] == ESTIMATE_SECONDS_MAX
        process.answer.set()

    run(scenario)


def test_a_limit_that_becomes_known_while_the_request_is_read_refuses_it_before_anything_is_sent() -> None:
    for prefer in ({}, {"prefer": "handling=lenient"}):
        sqs, process = Sqs(), Process(_OVER)
        app = app_of(sqs, backlog_limit=process.limit)

        async def body() -> AsyncIterator[bytes]:
            yield b'{"id":'
            await asyncio.sleep(0.05)  # the look is answered meanwhile
            yield b'"1"}'

        headers = {"content-type": "application/json", **prefer}
        answer = asyncio.run(ask(app, "POST", "/records", content=body(), headers=headers))
        assert (answer.status_code, sqs.batches) == (429, [])


def test_a_request_that_is_refused_is_not_even_read() -> None:
    process = Process(_OVER)
    app = app_of(Sqs(), backlog_limit=process.limit)

    async def never_ends() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    async def scenario() -> None:
        await process.request()
        headers = {"content-type": "application/json"}
        assert (await ask(app, "POST", "/records", content=never_ends(), headers=headers)).status_code == 429

    run(scenario)


def test_a_clock_that_is_set_back_makes_what_is_known_unknown() -> None:
    async def scenario() -> None:
        process = Process(_OVER)
        await process.request()
        assert await process.request(1) is not None
        assert await process.request(-3600) is None
        assert await process.request(1) is not None

    run(scenario)


def test_a_failed_look_leaves_what_is_known_and_is_repeated() -> None:
    class Failing(Process):
        async def _seconds_to_empty(self) -> float | None:
            self.asked.append(self.now)
            if len(self.asked) == 2:
                raise QueueUnavailable("no answer")
            return _OVER

    async def scenario() -> None:
        process = Failing(_OVER)
        await process.request()
        assert all([await process.request(5) for _ in range(10)])
        assert len(process.asked) == 6

    run(scenario)


def test_without_a_limit_nothing_is_asked() -> None:
    NO_LIMIT.check()  # outside of any event loop, in which it could ask


def test_a_full_backlog_is_a_problem_with_the_time_of_room_and_nothing_is_read_or_sent() -> None:
    sqs, process = Sqs(), Process(_OVER)
    app = app_of(sqs, backlog_limit=process.limit)

    async def post() -> httpx.Response:
        headers: Any = {"content-type": "application/json"}
        return await ask(app, "POST", "/records", content='{"id":"1"}', headers=headers)

    async def scenario() -> None:
        assert (await post()).status_code == 202
        answer = await post()
        assert (answer.status_code, answer.json()["code"]) == (429, "backlog_full")
        assert answer.json()["room_at"] == "2023-11-14T22:15:00.000Z"
        assert 100 <= int(answer.headers["retry-after"]) <= 150

    run(scenario)
    assert sqs.bodies == ['{"id":"1"}']
