"""Memory that requests share: what fits is held, what does not is refused."""

import time
from contextlib import suppress

import pytest

from api.memory_budget import BudgetExceeded, MemoryBudget, Share


def test_what_fits_beside_what_is_held_is_held_too() -> None:
    budget = MemoryBudget(10, time.monotonic_ns)
    Share(budget).add(6)
    Share(budget).add(4)
    assert budget.used == 10


def test_a_refusal_holds_nothing() -> None:
    share = Share(MemoryBudget(10, time.monotonic_ns))
    share.add(6)
    with pytest.raises(BudgetExceeded):
        share.add(5)
    share.add(4)


def test_a_share_ends_with_its_block_however_that_ends() -> None:
    budget = MemoryBudget(10, time.monotonic_ns)
    with suppress(ZeroDivisionError), Share(budget) as share:
        share.add(7)
        share.add(3)
        raise ZeroDivisionError
    with Share(budget) as share:
        share.add(10)
        with pytest.raises(BudgetExceeded):
            Share(budget).add(1)


def test_what_is_larger_than_the_whole_budget_is_held_alone() -> None:
    budget = MemoryBudget(10, time.monotonic_ns)
    with Share(budget) as share:
        share.add(25)
        with pytest.raises(BudgetExceeded):
            Share(budget).add(1)
        Share(budget).add(0)
    Share(budget).add(1)
    with pytest.raises(BudgetExceeded):
        Share(budget).add(25)


def test_a_refusal_says_for_how_long_what_is_held_has_been_held_on_average_over_its_bytes() -> None:
    seconds = [50]
    budget = MemoryBudget(10, lambda: seconds[0] * 1_000_000_000)
    with Share(budget) as gone:
        gone.add(10)
    seconds[0] = 100
    Share(budget).add(2)
    seconds[0] = 106
    Share(budget).add(6)
    seconds[0] = 108
    with pytest.raises(BudgetExceeded) as refused:
        Share(budget).add(5)
    assert refused.value.held_seconds == (2 * 8 + 6 * 2) / 8
