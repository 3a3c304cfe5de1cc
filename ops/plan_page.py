"""The advice as a page of text for people, in three parts: does it drain, what to set, what it costs. Pure."""

import textwrap

from ops.advice import FULL_BATCH, Advice, Choice
from ops.cautions import cautions
from ops.comparison import Option, OptionName
from ops.formatting import count, figure, precise_duration, table
from ops.parameters import deploy_command
from ops.plan import RETENTION_SECONDS, Plan, PlannedBacklog
from ops.prices import MONTH_HOURS, PRICES, REGION, Bill, Line
from ops.workload import Workload
from records.item import RESERVED_BYTES

_SEEN = sorted(price.seen for price in PRICES.values())
_NOT_COUNTED = f"""\
Not counted: failures, hot keys, indexes, other writers to the table, data transfer, clients' reads, free tiers, taxes.
The bill counts on burst credit, which DynamoDB does not guarantee. Without any, the drain costs up to eight times as
much on a table of 5 units, and hardly more on one of 100.
Prices: {REGION}, arm64, as seen between {_SEEN[0]} and {_SEEN[-1]}; each is in ops/prices.py with its source."""
_ON_DEMAND_UNITS = 4000
"""What a new on-demand table takes a second.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"""

_COLUMNS = 118
_TWICE = 2


def page(advice: Advice, *, details: bool = False) -> str:
    """`details`: with each line of the bill."""
    parts = [_load(advice.given.workload), _drain(advice), _settings(advice), _cost(advice)]
    if details:
        parts.append(f"The bill of a month of {MONTH_HOURS} hours, line by line\n{_lines(advice.chosen.bill)}")
    return "\n\n".join([*parts, _NOT_COUNTED])


def _load(workload: Workload) -> str:
    units, average = workload.units_per_record, workload.average_rate
    rate, burst = figure(workload.rate), figure(workload.burst_rate)
    hours, lasts = figure(workload.period_seconds / 3600), precise_duration(workload.burst_seconds)
    size = f"{workload.record_bytes:,} bytes, with Forebay's own {RESERVED_BYTES}"
    return (
        f"{rate} records/s, and every {hours} h a burst of {burst}/s for {lasts}: {figure(average)}/s on average.\n"
        f"A record of {size}, takes {count(units, 'write unit')}: {figure(average * units)} units/s on average."
    )


def _drain(advice: Advice) -> str:
    given = advice.given
    if given.keeps_all:
        return f"1. Does it drain? Yes.\n{_backlog(given)}{_minded(given)}"
    answer = "No: records would wait for too long." if given.drains else "No, never."
    rows = [_table(given), *([] if given.drains else _growth(given)), _lost(given)]
    chosen = advice.chosen.plan
    instead = f"With {count(chosen.workload.write_units, 'write unit')} it drains, and nothing is lost:"
    return f"1. Does it drain? {answer}\n{table(rows)}\n\n  {instead}\n{_backlog(chosen)}{_minded(chosen)}"


def _lost(planned: Plan) -> tuple[str, str]:
    after = precise_duration(planned.lost_after or 0.0)
    return "records lost", f"after about {after}: from then on they wait longer than 14 days, and SQS may delete them"


def _growth(planned: Plan) -> list[tuple[str, str]]:
    arriving, put = figure(planned.workload.average_rate), figure(planned.workload.average_rate - planned.growth)
    grows = f"by {figure(planned.growth * 86_400)} records a day: {arriving}/s arrive on average, {put}/s can be put"
    return [("backlog grows", grows)]


def _table(planned: Plan) -> tuple[str, str]:
    units, rate = planned.workload.write_units, figure(planned.workload.table_rate)
    return "table", f"{count(units, 'write unit')}/s: {rate} records/s, {100 * planned.used:.0f} % used on average"


def _backlog(planned: Plan) -> str:
    """Of a plan that drains. Burst credit is counted only in the line that says so."""
    workload, backlog, with_credit = planned.workload, planned.backlog, planned.backlog_with_credit
    rows = [_table(planned)]
    if not backlog or not with_credit or not backlog.greatest:
        return table([*rows, ("largest backlog", "none: the table is fast enough for the burst")])
    spare = workload.period_seconds - workload.burst_seconds - backlog.drain_seconds
    drained = (
        f"{precise_duration(backlog.drain_seconds)} after the burst, {precise_duration(spare)} before the next one"
    )
    share = f"{100 * backlog.lasts / RETENTION_SECONDS:.1f} % of the 14 days that SQS keeps a message"
    in_order, at_most = precise_duration(backlog.greatest_age), precise_duration(backlog.lasts)
    size = _size(backlog.greatest * workload.record_bytes)
    rows += [
        ("largest backlog", f"{figure(backlog.greatest)} records, {size}"),
        ("drained", drained),
        ("greatest age", f"{in_order} in order of arrival; at most {at_most}, {share}"),
        ("with credit", _with_credit(with_credit)),
    ]
    return table(rows)


def _size(number: float) -> str:
    return f"{figure(number / 1e9)} GB" if number >= 1e9 else f"{number / 1e6:,.0f} MB"  # noqa: PLR2004 - a gigabyte


def _with_credit(backlog: PlannedBacklog) -> str:
    if not backlog.greatest:
        return "no backlog, if DynamoDB grants all of its burst credit"
    drained = precise_duration(backlog.drain_seconds)
    return f"{figure(backlog.greatest)} records, drained in {drained}, if DynamoDB grants all of its burst credit"


def _minded(planned: Plan) -> str:
    return "".join(f"\n{_wrapped(f'Mind: {caution}')}" for caution in cautions(planned))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _COLUMNS, initial_indent="  ", subsequent_indent="  ")


def _settings(advice: Advice) -> str:
    chosen, given = advice.chosen.plan, advice.given.workload.write_units
    why = "the fewest that lose nothing and are at most 80 % used" if chosen.has_fewest_units else "as given"
    why += f"; {given:,} would be too few" if advice.is_larger else ""
    each = chosen.consumer.rate_max / chosen.consumer.workers
    reasons = {
        "TableWriteCapacityUnits": why,
        "ConsumerMaximumConcurrency": f"each of these invocations puts at most {each:.0f} records/s",
        "RequestsPerSecondMax": "a burst uses 80 % of it; requests beyond it get 429",
    }
    rows = [(name, reasons[name]) for name in advice.parameters if name in reasons]
    command = deploy_command(advice.parameters).replace("\n", "\n  ")
    return f"2. What to set\n  {command}\n{table(rows)}\n  Every other parameter: the template's default."


def _cost(advice: Advice) -> str:
    chosen = advice.chosen
    title = "3. What it costs, in US dollars a month"
    if advice.is_larger:
        title += f" (a table of {advice.given.workload.write_units:,} loses records, so it is no option)"
    rows = [_option(option, chosen) for option in chosen.comparison.options]
    texts = [_verdict(chosen), *_besides(chosen), *_hints(advice)]
    return "\n".join([title, table(rows, right=[1]), *(_wrapped(text) for text in texts)])


def _option(option: Option, chosen: Choice) -> tuple[str, str, str, str]:
    workload, billed = chosen.plan.workload, chosen.bill
    peak = billed.peak.quantity / MONTH_HOURS
    buffer = sum(line.dollars for line in billed.buffer)
    throttled = (
        "throttles such a burst until it has grown"
        if peak > _ON_DEMAND_UNITS
        else "throttles beyond twice its last peak"
    )
    texts: dict[OptionName, tuple[str, str]] = {
        "forebay": (
            f"Forebay, {count(workload.write_units, 'write unit')}",
            f"writes {billed.table[0].dollars:,.2f}, queue and consumer {buffer:,.2f}",
        ),
        "on_demand_without_buffer": ("no buffer, table on demand", throttled),
        "provisioned_for_peak_without_buffer": ("no buffer, provisioned for the peak", f"{peak:,.0f} write units"),
    }
    name, text = texts[option.name]
    is_cheapest = option == chosen.comparison.cheapest
    return name, f"{option.dollars:,.2f}", "<- cheapest" if is_cheapest else "", text


def _verdict(chosen: Choice) -> str:
    other = chosen.comparison.cheapest_without_buffer
    names: dict[OptionName, str] = {
        "on_demand_without_buffer": "a table on demand",
        "provisioned_for_peak_without_buffer": "a table that is provisioned for the peak",
    }
    name, ratio = names[other.name], chosen.bill.buffered_dollars / other.dollars
    if chosen.comparison.pays:
        return f"The buffer pays: it costs {100 * (1 - ratio):.0f} % less than {name}."
    instead = "To save money, write directly to such a table, unless you want what else a buffer does (docs/cost.md)."
    return f"The buffer does not pay: it costs {_more(ratio)} {name}. {instead}"


def _more(ratio: float) -> str:
    return f"{ratio:.1f} times as much as" if ratio >= _TWICE else f"{100 * (ratio - 1):.0f} % more than"


def _besides(chosen: Choice) -> list[str]:
    """What each of the options costs on top, and whether that decides."""
    billed = chosen.bill
    others = billed.dollars - billed.buffered_dollars
    storage = sum(line.dollars for line in billed.storage)
    besides = f"API and reads {others:,.2f}; storage {storage:,.2f} more each month, if no record replaces another"
    texts = [f"On top of each: {besides}."]
    api = sum(line.dollars for line in billed.api)
    if chosen.comparison.pays and billed.buffered_dollars + api > chosen.comparison.cheapest_without_buffer.dollars:
        texts.append(
            "Producers that can write to DynamoDB themselves need no API either: for them the buffer does not pay."
        )
    return texts


def _hints(advice: Advice) -> list[str]:
    """Cheaper ways to do the same."""
    texts = []
    if advice.smaller and advice.smaller.plan.backlog:
        planned = advice.smaller.plan
        drained = precise_duration(advice.smaller.plan.backlog.drain_seconds)
        texts.append(
            f"A table of {count(planned.workload.write_units, 'write unit')} would do, 80 % used: Forebay then costs"
            f" {advice.smaller.bill.buffered_dollars:,.2f}, and drains {drained} after the burst."
        )
    if advice.batched:
        batched, billed = advice.batched, advice.batched.bill
        pays = ", which pays" if batched.comparison.pays and not advice.chosen.comparison.pays else ""
        total = f"{billed.dollars:,.2f} with API and reads instead of {advice.chosen.bill.dollars:,.2f}"
        costs = f"Forebay costs {billed.buffered_dollars:,.2f}{pays}, and {total}"
        texts.append(f"With {FULL_BATCH} records in each request, {costs}.")
    return texts


def _lines(billed: Bill) -> str:
    lines = [_line(line) for line in billed.api + billed.buffer + billed.table if line.quantity]
    return table([*lines, ("total", "", "", f"{billed.dollars:,.2f}")], right=[1, 3])


def _line(line: Line) -> tuple[str, str, str, str]:
    return line.service, figure(line.quantity), line.metered, f"{line.dollars:,.2f}"
