"""Numbers as the page shows them, with their units. Pure."""

from ops.formatting import duration

UNKNOWN = "…"

_SMALL = 10
_HUNDRED, _CENT, _TINY = 100, 0.01, 0.00001
_MS_MAX = 1000


def whole(number: float) -> str:
    return f"{number:,.0f}"


def rate(number: float | None) -> str:
    """With one decimal below ten."""
    if number is None:
        return UNKNOWN
    return f"{number:.1f}" if 0 < number < _SMALL else f"{number:,.0f}"


def milliseconds(number: int) -> str:
    if number < _MS_MAX:
        return f"{max(0, number)} ms"
    return f"{number / 1000:.1f} s" if number < _SMALL * 1000 else duration(number / 1000)


def time_to_empty(seconds: float | None, backlog: int) -> str:
    if not backlog:
        return "empty"
    return UNKNOWN if seconds is None else f"≈ {duration(max(1.0, seconds))}"


def dollars(number: float) -> str:
    """With two digits that say something: $0.00012, $0.41, $3.20, $1,234."""
    if number >= _HUNDRED:
        return f"${number:,.0f}"
    if number >= _CENT:
        return f"${number:.2f}"
    if number >= _TINY:
        return f"${float(f'{number:.2g}'):.7f}".rstrip("0")
    return "under $0.00001" if number else "$0"


def byte_count(number: int) -> str:
    return f"{number / 1024:,.1f} KB" if number >= 1024 else f"{number:,} B"  # noqa: PLR2004 - bytes of a KB
