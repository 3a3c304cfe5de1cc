"""Times as records carry them: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime


def rfc3339(unix_ms: int) -> str:
    """`1700000000123` → `2023-11-14T22:13:20.123Z`."""
    text = datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{unix_ms % 1000:03d}Z"
