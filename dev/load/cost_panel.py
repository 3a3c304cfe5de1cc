"""The report's costs: what the surge cost, and a month of such surges, beside on demand and the original pattern."""

from collections.abc import Mapping, Sequence
from html import escape

from dev.load.original_pattern import OriginalOutcome
from dev.load.surge_result import SurgeResult
from ops.live_cost import Costs, Meters, a_month, costs, per_million

_ROW, _LEFT, _RIGHT = 34, 130, 70
Parts = Mapping[str, float]
"""Dollars by part: a part is a class of the page's style."""


def dollars(amount: float) -> str:
    """Cents from a dollar on, below that two significant digits: `$1,234.56`, `$0.052`, `$0.0000041`."""
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    digits = next(n for n in range(1, 20) if amount * 10**n >= 1)
    return f"${amount:.{digits + 1}f}"


def cost_rows(result: SurgeResult) -> list[Sequence[str]]:
    """A table: its head, and a row for each line of the bill and for each alternative."""
    rows: list[Sequence[str]] = [("", "this surge", "such a month", "a million stored")]
    parts = {
        "API: requests and their function": "door",
        "SQS": "queue",
        "consumer": "consumer",
        "table: provisioned writes": "table",
        "Forebay": "total",
        "on demand: the API, and the same writes": "total_on_demand",
    }
    rows += [_row(name, part, result.meters) for name, part in parts.items()]
    if result.original:
        rows.append(_row(_original_name(result.original), "total", result.original.meters))
    return rows


def _row(name: str, part: str, meters: Meters) -> Sequence[str]:
    def amount(found: Costs) -> float:
        value: float = getattr(found, part)
        return value

    once = amount(costs(meters))
    million = per_million(once, meters.stored)
    return (
        name,
        dollars(once),
        dollars(amount(costs(a_month(meters)))),
        dollars(million) if million is not None else "-",
    )


def _original_name(original: OriginalOutcome) -> str:
    lost = f"{original.dead_lettered:,} good records dead-lettered" if original.dead_lettered else "all stored"
    return f"original pattern: {lost}"


def cost_chart(result: SurgeResult, width: int) -> str:
    """A bar for each way, in parts: dollars for a million stored records."""
    bars = _bars(result)
    most = max((sum(parts.values()) for _, parts in bars), default=0.0) or 1.0
    shown = []
    for row, (name, parts) in enumerate(bars):
        y, x = _ROW * row + 4, float(_LEFT)
        shown.append(f'<text x="{_LEFT - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        for part, amount in parts.items():
            wide = amount / most * (width - _LEFT - _RIGHT)
            title = f"<title>{escape(f'{name}, {part}: {dollars(amount)}')}</title>"
            shown.append(f'<rect class="{part}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="24">{title}</rect>')
            x += wide
        shown.append(f'<text x="{x + 6:.1f}" y="{y + 17}">{dollars(sum(parts.values()))}</text>')
    name = "Dollars for a million stored records"
    height = _ROW * len(bars) + 4
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}">{"".join(shown)}</svg>'


def _bars(result: SurgeResult) -> list[tuple[str, Parts]]:
    bars = [("Forebay", _buffered(result.meters)), ("on demand", _on_demand(result.meters))]
    return [*bars, ("original pattern", _buffered(result.original.meters))] if result.original else bars


def _buffered(meters: Meters) -> Parts:
    found = costs(meters)
    parts = {"door": found.door, "queue": found.queue, "consumer": found.consumer, "table": found.table}
    return {name: per_million(amount, meters.stored) or 0.0 for name, amount in parts.items()}


def _on_demand(meters: Meters) -> Parts:
    found = costs(meters)
    parts = {"door": found.door, "table": found.on_demand}
    return {name: per_million(amount, meters.stored) or 0.0 for name, amount in parts.items()}
