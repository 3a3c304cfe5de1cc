"""The report: one HTML page without scripts, links or fonts, readable offline."""

from collections.abc import Callable, Sequence
from html import escape

from dev.load.cost_panel import cost_chart, cost_rows
from dev.load.latencies import FIGURES, milliseconds, milliseconds_row
from dev.load.report_charts import backlog_chart, dead_letters_chart, latencies_chart, rates_chart
from dev.load.surge_result import SurgeResult
from ops.formatting import count, duration

_WIDE, _NARROW = 860, 380

_STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #17202a; --soft: #566270; --grid: #dfe4ea;
  --accepted: #2468c8; --written: #0a7d5a; --provisioned: #17202a; --backlog: #b45f06; --bad: #b3261e;
  --good: #0a7d5a; --consumer: #7a3fb5; }
@media (prefers-color-scheme: dark) { :root { --page: #12161b; --card: #1b2129; --ink: #e8ecf1; --soft: #9fabb8;
  --grid: #313a45; --accepted: #6ea8fe; --written: #3ecf9b; --provisioned: #e8ecf1; --backlog: #f0a04b; --bad: #ff8a80;
  --good: #3ecf9b; --consumer: #c39bf0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 940px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 1.05rem; margin: 0 0 2px; }
p { margin: 0 0 8px; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 16px; margin: 16px 0; }
.verdict { border-left: 6px solid var(--good); }
.verdict.lost { border-left-color: var(--bad); }
.verdict strong { color: var(--good); }
.verdict.lost strong { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 16px 0; }
.tile { background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.3; }
.tile span { color: var(--soft); font-size: .875rem; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: .875rem; color: var(--soft); margin: 4px 0 8px; }
.key i { display: inline-block; width: 14px; height: 14px; border-radius: 3px; margin-right: 6px;
  vertical-align: -2px; }
.key i.dash { height: 0; border-top: 2px dashed var(--provisioned); border-radius: 0; vertical-align: 4px; }
.key i.dot { border-radius: 50%; }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
svg text { fill: var(--soft); }
.narrow { display: none; }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.area { stroke: none; fill-opacity: .22; }
.accepted.line { stroke: var(--accepted); } .accepted.area { fill: var(--accepted); }
.written.line { stroke: var(--written); } .written.area { fill: var(--written); fill-opacity: .45; }
.backlog.line { stroke: var(--backlog); } .backlog.area { fill: var(--backlog); }
.provisioned { stroke: var(--provisioned); stroke-width: 1.5; stroke-dasharray: 6 5; }
.tooltip { fill: transparent; } .tooltip:hover { fill: var(--ink); fill-opacity: .08; }
.range { stroke: var(--accepted); stroke-width: 4; stroke-opacity: .3; }
circle { stroke: var(--card); stroke-width: 2; }
.p50 { fill: var(--written); background: var(--written); } .p95 { fill: var(--accepted); background: var(--accepted); }
.p99 { fill: var(--backlog); background: var(--backlog); } .max { fill: var(--bad); background: var(--bad); }
.dead { fill: var(--bad); }
.door { fill: var(--accepted); background: var(--accepted); }
.queue { fill: var(--backlog); background: var(--backlog); }
.consumer { fill: var(--consumer); background: var(--consumer); }
.table { fill: var(--written); background: var(--written); }
.costs tr:nth-child(n+5) td { font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
th { color: var(--soft); font-weight: 500; }
@media (max-width: 600px) { .wide { display: none; } .narrow { display: block; } .card { padding: 12px; }
  table { font-size: .8rem; } th, td { padding-right: 4px; } }
"""


def report_page(result: SurgeResult) -> str:
    title = "A surge, and the table at its own rate"
    dead = sum(result.dead_letters.values())
    body = [
        f"<h1>{title}</h1>",
        f"<p>{_introduction(result)}</p>",
        _verdict(result),
        _tiles(result),
        _card(
            "Accepted, and written to the table",
            "Records a second. One record costs one write unit.",
            _key(("accepted", "accepted"), ("written", "written to the table"), ("dash", "provisioned")),
            _both(rates_chart, result),
        ),
        _card("Backlog", "Records accepted and not yet in the table.", _both(backlog_chart, result)),
        _card(
            "Latency of requests",
            "How long a producer waits for its 202, without the first request, which opens the API's connections.",
            _key(*((f"dot {name}", name) for name in FIGURES if _is_drawn(name, result))),
            _both(latencies_chart, result),
            _latencies(result),
        ),
        _card("What it cost", _cost_text(result), _cost_key(), _both(cost_chart, result), _costs(result)),
        _card(
            "Dead letters",
            "Sent on purpose, straight to the queue: messages that can never be stored. Other records are not affected."
            if dead
            else "None.",
            _both(dead_letters_chart, result) if dead else "",
        ),
        _card("Figures", "", _figures(result)),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>Forebay: {title}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _introduction(result: SurgeResult) -> str:
    times = result.surge_rate / result.write_units
    return (
        f"For {result.surge[1] - result.surge[0]:.1f} seconds, records arrived at {result.surge_rate:,.0f} a second: "
        f"{times:.1f} times what the table is provisioned for, {count(result.write_units, 'write unit')} a second with "
        f"no burst credit. Producers had their answers in milliseconds; the table took the records within its own rate "
        f"until the buffer was empty {duration(max(0, result.last_put - result.surge[1]))} after the surge."
    )


def _verdict(result: SurgeResult) -> str:
    verdict = result.verdict
    rows = verdict.text().splitlines()
    found = "Every 202 is accounted for" if verdict.holds else f"{count(verdict.lost, 'record')} lost"
    places = {
        "are in the table": verdict.in_table,
        "superseded": verdict.superseded,
        "still in the queue": verdict.in_queue,
        "dead-lettered": verdict.dead_lettered,
        "lost": verdict.lost,
    }
    counts = [f"{number:,} {place}" for place, number in places.items() if number or place == "are in the table"]
    where = f"Of {verdict.receipts:,} receipts {', '.join(counts)}."
    named = f"<p>{escape(rows[-1])}</p>" if verdict.lost_keys else ""
    mark, kind = ("✓", "") if verdict.holds else ("✗", " lost")
    return f'<div class="card verdict{kind}"><strong>{mark} {found}.</strong> {where}{named}</div>'


def _tiles(result: SurgeResult) -> str:
    latencies = result.latencies.figures()
    slow = "p99" if "p99" in latencies else "max"
    answered = f"to a 202 (p50); {'p99' if slow == 'p99' else 'the slowest'} {milliseconds(latencies.get(slow, 0))}"
    tiles = [
        (f"{len(result.accepted):,}", "records accepted"),
        (f"{result.greatest_backlog:,}", "greatest backlog"),
        (f"{result.capacity_used:.0%}", "of the provisioned units consumed under backlog"),
        (milliseconds(latencies.get("p50", 0)), answered),
        (f"{result.verdict.dead_lettered:,}", "of these records dead-lettered"),
    ]
    shown = "".join(f'<div class="tile"><b>{value}</b><span>{name}</span></div>' for value, name in tiles)
    return f'<div class="tiles">{shown}</div>'


def _card(title: str, text: str, *parts: str) -> str:
    return f'<section class="card"><h2>{title}</h2><p class="soft">{text}</p>{"".join(parts)}</section>'


def _key(*entries: tuple[str, str]) -> str:
    shown = "".join(f'<span><i class="{kind}" {_swatch(kind)}></i>{name}</span>' for kind, name in entries)
    return f'<div class="key">{shown}</div>'


def _swatch(kind: str) -> str:
    return f'style="background: var(--{kind})"' if kind in {"accepted", "written"} else ""


def _both(chart: Callable[[SurgeResult, int], str], result: SurgeResult) -> str:
    """For a wide screen and for a phone, where a chart that was only made smaller could not be read."""
    return f'<div class="wide">{chart(result, _WIDE)}</div><div class="narrow">{chart(result, _NARROW)}</div>'


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    shown = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rest)
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{shown}</tbody></table></div>'


def _is_drawn(figure: str, result: SurgeResult) -> bool:
    return any(figure in kind.latencies.figures() for kind in result.kinds.values())


def _latencies(result: SurgeResult) -> str:
    rows: list[Sequence[str]] = [("kind", "requests", *FIGURES)]
    rows += [(kind, f"{one.latencies.count:,}", *milliseconds_row(one.latencies)) for kind, one in result.kinds.items()]
    return _table(rows)


def _cost_text(result: SurgeResult) -> str:
    seconds = result.meters.seconds
    text = (
        "Dollars in us-east-1, by the prices of ops/prices.py and what was metered here; the API's time is estimated. "
        f"The month is made of nothing but these {seconds:.0f} seconds, so its table is as busy as here. Where a table "
        "rests between surges, its share is higher; on demand is then cheaper sooner."
    )
    if not result.original:
        return text
    return (
        f"{text} The original pattern was simulated with the same arrivals: its table is the same, it pays for every "
        "record, and only those that it stores count. It dead-letters what its table has not taken within 400 seconds."
    )


def _cost_key() -> str:
    names = {"door": "API", "queue": "SQS", "consumer": "consumer", "table": "table"}
    return '<p class="soft">For a million stored records:</p>' + _key(*names.items())


def _costs(result: SurgeResult) -> str:
    return f'<div class="costs">{_table(cost_rows(result))}</div>'


def _on_purpose(result: SurgeResult) -> int:
    return sum(result.dead_letters.values()) - result.verdict.dead_lettered


def _figures(result: SurgeResult) -> str:
    waited = result.accepted_to_put
    rows = [
        ("figure", "value"),
        ("table, provisioned", f"{count(result.write_units, 'write unit')} a second"),
        (
            "table, consumed while there was a backlog",
            f"{result.puts_per_second:.2f} a second",
        ),
        ("surge", f"{result.surge_rate:,.0f} records a second for {result.surge[1] - result.surge[0]:.1f} s"),
        ("requests not accepted", f"{result.refused_requests:,}"),
        ("records accepted", f"{len(result.accepted):,}"),
        ("records in the table", f"{result.verdict.in_table:,}"),
        ("records lost", f"{result.verdict.lost:,}"),
        ("dead letters of messages sent on purpose", f"{_on_purpose(result):,}"),
        ("greatest backlog", f"{result.greatest_backlog:,} records"),
        *((f"from accepted to the table, {name}", f"{value:.1f} s") for name, value in waited.figures().items()),
        ("last record in the table after", f"{result.last_put:.1f} s"),
    ]
    return _table(rows)
