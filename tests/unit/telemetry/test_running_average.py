"""The average follows the last values, and begins with no favourite."""

from collections.abc import Sequence

import pytest

from telemetry.running_average import RunningAverage


def average_of(values: Sequence[float], smoothing: float = 0.01) -> float:
    average = RunningAverage(smoothing)
    for value in values:
        average.add(value)
    return average.value


def test_of_few_values_each_weighs_the_same() -> None:
    assert average_of([]) == 0
    assert average_of([7]) == 7
    assert average_of([100, *[1] * 99]) == pytest.approx(1.99)


def test_of_many_values_the_last_ones_count() -> None:
    assert average_of([100] * 10_000 + [1] * 1000) == pytest.approx(1, abs=0.01)
    assert 1 < average_of([100] * 10_000 + [1] * 100) < 50
