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


def precise_duration(seconds: float) -> str:
    """Two units, precise enough to compare plans: `45 s`, `12 min`, `4 h 17 min`, `3 days 2 h`."""
    for size, larger, per, smaller in ((_DAY, "days", 24, "h"), (_HOUR, "h", 60, "min"), (_MINUTE, "min", 60, "s")):
        steps = round(seconds * per / size)
        if steps >= per:
            whole, rest = divmod(steps, per)
            return f"{whole:,} {larger if whole > 1 else larger.rstrip('s')}" + (f" {rest} {smaller}" if rest else "")
    return f"{figure(seconds)} s"


def figure(number: float) -> str:
    """At least three digits, and no decimals from 100 on."""
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"  # noqa: PLR2004 - the third digit


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
