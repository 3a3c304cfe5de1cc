"""The rate limit, with a clock that is passed in."""

from collections.abc import Sequence

import pytest

from ops.rate_limit import RateLimit


class WaitingClock:
    """A clock that only waiting advances."""

    def __init__(self, *, stopped: bool = False) -> None:
        self.now = 0.0
        self._stopped = stopped

    def rate_limit(self, per_second: int) -> RateLimit:
        return RateLimit(per_second, self._wait, lambda: self.now)

    def _wait(self, seconds: float) -> bool:
        self.now += max(0.0, seconds)
        return self._stopped


@pytest.mark.parametrize(("per_second", "batches"), [(1, [1] * 5), (4, [4, 4, 3, 4]), (10, [10, 1, 10, 10])])
def test_the_rate_is_kept_whatever_the_sizes_of_the_batches(per_second: int, batches: Sequence[int]) -> None:
    clock = WaitingClock()
    rate_limit = clock.rate_limit(per_second)
    began = []
    for number in batches:
        assert rate_limit.acquire(number)
        began.append(clock.now)
    assert began == pytest.approx([sum(batches[:n]) / per_second for n in range(len(batches))])


@pytest.mark.parametrize(("per_second", "batch_max"), [(1, 1), (4, 4), (10, 10), (1000, 10)])
def test_a_batch_is_at_most_one_seconds_share_and_at_most_one_call_to_sqs(per_second: int, batch_max: int) -> None:
    assert WaitingClock().rate_limit(per_second).batch_max == batch_max


def test_time_in_which_nothing_was_done_is_not_made_up_for() -> None:
    clock = WaitingClock()
    rate_limit = clock.rate_limit(2)
    rate_limit.acquire(2)
    clock.now = 100.0
    rate_limit.acquire(2)
    rate_limit.acquire(2)
    assert clock.now == 101.0


def test_nothing_is_acquired_after_a_stop() -> None:
    assert not WaitingClock(stopped=True).rate_limit(1).acquire(1)
