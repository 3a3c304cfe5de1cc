"""The pace of sending back, under a clock passed in."""

from collections.abc import Sequence

import pytest

from ops.pace import Pace


class Times:
    """A clock and a stop that only waiting moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made = False

    def wait(self, seconds: float) -> bool:
        self.now += max(0.0, seconds)
        return self.made


@pytest.mark.parametrize(("per_second", "turns"), [(1, [1] * 5), (4, [4, 4, 3, 4]), (10, [10, 1, 10, 10])])
def test_the_pace_is_kept_over_any_turns(per_second: int, turns: Sequence[int]) -> None:
    times = Times()
    pace = Pace(per_second, times, lambda: times.now)
    began = []
    for number in turns:
        assert pace.turn(number)
        began.append(times.now)
    assert began == pytest.approx([sum(turns[:n]) / per_second for n in range(len(turns))])
    assert max(turns) <= pace.at_once <= min(per_second, 10)


def test_time_that_was_not_used_is_not_made_up_for() -> None:
    times = Times()
    pace = Pace(2, times, lambda: times.now)
    pace.turn(2)
    times.now = 100.0
    pace.turn(2)
    pace.turn(2)
    assert times.now == 101.0


def test_no_turn_comes_after_a_stop() -> None:
    times = Times()
    times.made = True
    assert not Pace(1, times, lambda: times.now).turn(1)
