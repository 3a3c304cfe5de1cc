"""`Retry-After`: at least as long as the cause will last, spread, never zero."""

import pytest

from api.retry_after import retry_after


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [(0, 1, 2), (0.4, 1, 2), (1, 1, 2), (1.9, 2, 3), (10, 10, 14), (60, 60, 89), (1e9, 86_400, 129_599), (-5, 1, 2)],
)
def test_a_client_waits_for_the_cause_and_up_to_half_longer(seconds: float, least: int, most: int) -> None:
    assert retry_after(seconds, 0.0) == least
    assert retry_after(seconds, 0.999_999) == most
