"""One time limit for many, under a clock that is set by hand."""

import asyncio
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from api.time_limit import TimeLimit


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def until(self, time: float) -> None:
        while self.now < time:
            waiting = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined] # the loop's own list
            self.now = min([time, *waiting])
            for _ in range(3):
                await asyncio.sleep(0)


_EVEN, _ODD = st.integers(0, 50).map(lambda n: 2 * n), st.integers(0, 15).map(lambda n: 2 * n + 1)  # so nothing ties


@given(starts=st.lists(st.tuples(_EVEN, st.none() | _ODD), max_size=30))
def test_a_limit_that_is_not_stopped_expires_when_the_time_is_up(starts: list[tuple[int, int | None]]) -> None:
    """Each starts at a time and is stopped after some time, or never."""
    loop, limit, expired = Clock(), TimeLimit(10), []
    events = [(at, "start", number) for number, (at, _) in enumerate(starts)]
    events += [(at + after, "stop", number) for number, (at, after) in enumerate(starts) if after is not None]

    def on_timeout(number: int) -> None:
        expired.append((loop.now, number))

    async def scenario() -> None:
        for at, event, number in sorted(events):
            await loop.until(at)
            if event == "start":
                limit.start(number, partial(on_timeout, number))
            else:
                limit.stop(number)
        await loop.until(200)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scenario())
    left = [(at + 10, number) for number, (at, after) in enumerate(starts) if after is None or after > 10]
    assert sorted(expired) == sorted(left)


def test_a_limit_outlives_its_event_loop() -> None:
    limit, expired = TimeLimit(0.01), []

    async def wait(name: str) -> None:
        limit.start(name, lambda: expired.append(name))
        await asyncio.sleep(0.1)

    async def leave() -> None:
        limit.start("left", lambda: expired.append("left"))

    asyncio.run(wait("first"))
    asyncio.run(leave())
    asyncio.run(wait("second"))
    assert expired == ["first", "left", "second"]
