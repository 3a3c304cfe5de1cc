"""Text for people: numbers, durations and tables, without characters that would control their terminal."""

from collections.abc import Sequence

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_FEW = 2
"""Below so many of a unit, a duration is given in the next smaller one, which is more precise."""


def printable(text: str) -> str:
    r"""With control characters, which a terminal would obey, as escapes: `\x1b`, `\n`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Rounded: `0 s`, `45 s`, `4 min`, `30 h`, `12 days`."""
    for unit, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= _FEW * unit:
            return f"{round(seconds / unit):,} {name}"
    return f"{round(seconds)} s"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns, indented by two spaces; those in `right` (counted from 0) are aligned to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            c.rjust(w) if n in right else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
