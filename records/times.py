"""Times in items, messages and logs: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(unix_ms: int) -> str:
    """`1700000000123` → `2023-11-14T22:13:20.123Z`."""
    return f"{_second(unix_ms // 1000)}.{unix_ms % 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(unix_s: int) -> str:
    """Cached, because thousands of records and log lines have the same second."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
