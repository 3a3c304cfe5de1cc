"""Memory that requests share: what fits is acquired, what does not is refused."""

import pytest

from api.memory_budget import BudgetExceeded, MemoryBudget


def test_what_fits_beside_what_is_held_is_acquired() -> None:
    budget = MemoryBudget(10)
    budget.acquire(6)
    budget.acquire(4)
    assert budget.used == 10


def test_a_refusal_acquires_nothing() -> None:
    budget = MemoryBudget(10)
    budget.acquire(6)
    with pytest.raises(BudgetExceeded):
        budget.acquire(5)
    budget.acquire(4)


def test_what_is_released_can_be_acquired_again() -> None:
    budget = MemoryBudget(10)
    budget.acquire(10)
    budget.release(3)
    budget.acquire(3)
    with pytest.raises(BudgetExceeded):
        budget.acquire(1)


def test_what_is_larger_than_the_whole_budget_is_held_alone() -> None:
    budget = MemoryBudget(10)
    budget.acquire(25)
    with pytest.raises(BudgetExceeded):
        budget.acquire(1)
    budget.release(25)
    budget.acquire(1)
    with pytest.raises(BudgetExceeded):
        budget.acquire(25)
