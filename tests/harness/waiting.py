"""Waiting for what becomes true by itself."""

import time
from collections.abc import Callable
from typing import Any

_SECONDS_MAX = 120
"""Only a failure waits so long: two cores may be busy with other tests."""


def eventually(holds: Callable[[], Any], seconds_max: float = _SECONDS_MAX) -> Any:
    """What `holds` gives as soon as it is true."""
    deadline = time.monotonic() + seconds_max
    while not (given := holds()):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.1)
    return given
