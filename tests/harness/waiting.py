"""Waits for a condition that becomes true by itself."""

import time
from collections.abc import Callable
from typing import Any

_SECONDS_MAX = 120
"""Only a failing test waits so long: the cores may be busy with other tests."""


def eventually(holds: Callable[[], Any], seconds_max: float = _SECONDS_MAX) -> Any:
    """The first true value that `holds` returns."""
    deadline = time.monotonic() + seconds_max
    while not (value := holds()):
        assert time.monotonic() < deadline, f"not true within {seconds_max} s"
        time.sleep(0.1)
    return value
