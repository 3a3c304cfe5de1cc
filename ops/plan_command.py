"""`python -m ops plan`: the backlog of a workload, the parameters to set, and the monthly cost."""

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ops.command import DONE, Subparsers
from ops.formatting import count, table
from ops.plan import Plan, PlannedBacklog, consumer_for, plan
from ops.prices import MONTH_HOURS, PRICES, REGION, Bill, Deployment, Line, api_seconds, bill
from ops.workload import BATCH_SIZE, MEMORY_MB, REQUEST_BYTES_MAX, WINDOW_SECONDS, Workload, WorkloadInvalid
from records.item import RESERVED_BYTES

_DESCRIPTION = """\
Plans a table and its buffer, without AWS and without a network: the greatest backlog, the time to drain it, the
greatest age of a record, the template's parameters, and the monthly cost compared with a table without a buffer."""
_EXAMPLE = """\
example: 50 records a second, and every day a burst of 2,000 a second for ten minutes
  python -m ops plan --rate 50 --burst-rate 2000 --burst-minutes 10 --record-bytes 1500 --write-units 150"""

_FULL_BATCH = 10
_LAMBDA_MB_MIN = 128
REQUESTS_PER_SECOND = 1000
"""The API's default limit: `RequestsPerSecondMax` in template.yaml."""
_REQUESTS_LOAD = 0.8
"""The share of that limit that a burst may use on average, because requests never arrive evenly."""
_NOTES = f"""\
Not in the model
  - Burst credit: DynamoDB does not guarantee it. The bill counts on it, and so does the line "with credit". A table
    that never had any would make the drain of a backlog about five times as dear.
  - Order: SQS keeps it only roughly, and a backlog is put in no order, so that a record may wait for the whole drain.
  - A hot key, the limit of 1,000 write units a second of one partition, indexes, and other writers to the table.
  - Records that are posted again: an older or equal version costs the units of a put and changes nothing.
  - Failures of any kind.
  - On the bill: free tiers, taxes, storage (shown below it), data transfer, GET requests, kept logs, alarms and
    dashboards. The API's compute and the logs are rough estimates.
Prices: {REGION}, arm64, as seen between {min(price.seen for price in PRICES.values())} and \
{max(price.seen for price in PRICES.values())}. Each is in ops/prices.py with its source.
For another region, change the dollars there."""


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "plan",
        help="the backlog, the parameters and the monthly cost for a workload",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    number, whole = _number_of(float, "a number"), _number_of(int, "a whole number")
    required = partial(parser.add_argument, required=True)
    required("--rate", type=number, metavar="R", help="records a second between bursts")
    required("--burst-rate", type=number, metavar="R", help="records a second during a burst, in total")
    required("--burst-minutes", type=number, metavar="M", help="how long a burst lasts")
    parser.add_argument(
        "--burst-every", type=number, metavar="HOURS", default=24.0, help="from burst to burst (default: 24 hours)"
    )
    required("--record-bytes", type=whole, metavar="N", help="bytes of a record's JSON text")
    required("--write-units", type=whole, metavar="W", help="write units a second that the table is provisioned for")
    parser.add_argument(
        "--read-units",
        type=whole,
        metavar="U",
        default=5,
        help="read units a second that the table is provisioned for (default: 5)",
    )
    parser.add_argument(
        "--records-per-request",
        type=whole,
        metavar="K",
        default=1,
        help="records that a client posts together (default: 1)",
    )
    parser.add_argument(
        "--front", choices=["HttpApi", "FunctionUrl"], default="HttpApi", help="the API's front (default: HttpApi)"
    )
    parser.add_argument("--access-log", action="store_true", help="with AccessLog=true")
    parser.add_argument("--tracing", action="store_true", help="with Tracing=true")
    for function in ("api", "consumer"):
        parser.add_argument(
            f"--{function}-memory",
            type=whole,
            metavar="MB",
            default=MEMORY_MB,
            help=f"the memory of its function (default: {MEMORY_MB})",
        )
    parser.set_defaults(run=partial(_run, parser))


def _number_of(kind: type[float], name: str) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"not {name}: {text!r}")
        return value

    return number


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    try:
        workload = Workload(
            rate=arguments.rate,
            burst_rate=arguments.burst_rate,
            burst_seconds=arguments.burst_minutes * 60,
            period_seconds=arguments.burst_every * 3600,
            record_bytes=arguments.record_bytes,
            write_units=arguments.write_units,
            read_units=arguments.read_units,
            records_per_request=arguments.records_per_request,
        )
    except WorkloadInvalid as error:
        parser.error(f"{error}")  # exits with 2
    if min(arguments.api_memory, arguments.consumer_memory) < _LAMBDA_MB_MIN:
        parser.error(f"a function has at least {_LAMBDA_MB_MIN} MB")
    deployment = Deployment(
        has_api_gateway=arguments.front == "HttpApi",
        has_access_log=arguments.access_log,
        has_tracing=arguments.tracing,
        api_memory_mb=arguments.api_memory,
    )
    print(page(plan(workload, consumer_for(workload, arguments.consumer_memory)), deployment))
    return DONE


def page(planned: Plan, deployment: Deployment) -> str:
    billed = bill(planned, deployment)
    sections = [
        ("The workload", _workload(planned.workload)),
        ("The backlog (no burst credit counted)", _backlog(planned)),
        ("Parameters to set (sam deploy --parameter-overrides …)", _parameters(planned)),
        (f"A month of {MONTH_HOURS} hours, in US dollars", _bill(billed)),
        (
            "The same writes without a buffer, for comparison (the API and the reads cost the same)",
            _alternatives(billed),
        ),
    ]
    texts = [f"{title}\n{rows}" for title, rows in sections]
    texts[-1] += f"\n  {_verdict(planned, deployment, billed)}"
    return "\n\n".join([*texts, _NOTES])


def _workload(workload: Workload) -> str:
    average, units = workload.average_rate, count(workload.units_per_record, "write unit")
    requests = workload.burst_rate / workload.records_per_request
    at_once = count(math.ceil(requests * api_seconds(workload)), "invocation")
    every = f"every {_figure(workload.period_seconds / 3600)} h"
    burst = f"{_figure(workload.burst_rate)} for {_duration(workload.burst_seconds)}"
    capacity = f"{_figure(workload.table_rate)} records/s; {100 * average / workload.table_rate:.0f} % used on average"
    rows = [
        ("arriving", f"{_figure(workload.rate)} records/s, and {every} a burst of {burst}"),
        ("item", f"{workload.item_bytes:,} bytes with the {RESERVED_BYTES} of _forebay: {units} a put"),
        ("on average", f"{_figure(average)} records/s, {_figure(average * workload.units_per_record)} write units/s"),
        ("table", f"{workload.write_units:,} write units/s, so {capacity}"),
        ("API", f"{_figure(requests)} requests/s in a burst, about {at_once} at once"),
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        ("", "(AWS's quotas, unless raised: 10,000 requests/s, 1,000 invocations at once)"),
    ]
    return table(rows)


def _backlog(planned: Plan) -> str:
    workload, backlog = planned.workload, planned.backlog
    rows: list[tuple[str, str]] = []
    if not backlog or not planned.backlog_with_credit:
        arriving, put = _figure(workload.average_rate), _figure(workload.average_rate - planned.growth)
        rows += [
            ("drains", f"NEVER: {arriving} records/s arrive on average, {put} can be put"),
            ("grows", f"by {_figure(planned.growth * 86_400)} records a day"),
        ]
    elif not backlog.greatest:
        rows.append(("greatest", "none: the table is fast enough for the burst"))
    else:
        spare = workload.period_seconds - workload.burst_seconds - backlog.drain_seconds
        gigabytes = _figure(backlog.greatest * workload.record_bytes / 1e9)
        rows += [
            ("greatest", f"{_figure(backlog.greatest)} records, {gigabytes} GB"),
            ("drains", f"in {_duration(backlog.drain_seconds)} after the burst, {_duration(spare)} before the next"),
            ("greatest age", f"{_duration(backlog.greatest_age)}, of the 14 days that the queue keeps a record"),
            ("with credit", f"{_credit(planned.backlog_with_credit)}, if DynamoDB grants all unused capacity"),
        ]
    if planned.lost_after is not None:
        lost = _duration(planned.lost_after)
        rows.append(("RECORDS LOST", f"after about {lost}: they would have to wait longer than 14 days"))
    return table(rows)


def _credit(backlog: PlannedBacklog) -> str:
    if not backlog.greatest:
        return "none"
    return f"{_figure(backlog.greatest)} records, drained in {_duration(backlog.drain_seconds)}"


def _parameters(planned: Plan) -> str:
    advised, workload = planned.advised, planned.workload
    enough = advised.write_units == workload.write_units
    why = "as given" if enough else f"not {workload.write_units:,}: the average uses at most 80 % of these"
    each = f"each puts at most {planned.consumer.rate_max / planned.consumer.workers:.0f} records/s"
    rows = [
        ("TableWriteCapacityUnits", f"{advised.write_units}", why),
        ("TableReadCapacityUnits", f"{workload.read_units}", "as given"),
        ("ConsumerMaximumConcurrency", f"{advised.workers}", each),
        ("ConsumerBatchSize", f"{BATCH_SIZE}", "the default"),
        ("ConsumerBatchWindowSeconds", f"{WINDOW_SECONDS}", "the default; 0 with a batch of 10 puts sooner, at a cost"),
    ]
    requests = math.ceil(workload.burst_rate / workload.records_per_request / _REQUESTS_LOAD)
    if requests > REQUESTS_PER_SECOND:
        rows.append(("RequestsPerSecondMax", f"{requests}", "a burst uses 80 % of it; requests beyond it get 429"))
    hint = f"\n  Plan again with --write-units {advised.write_units} to see the effect."
    return table(rows, right=[1]) + ("" if enough else hint)


def _bill(billed: Bill) -> str:
    lines = [_line(line) for line in billed.api + billed.buffer + billed.table if line.quantity]
    return table([*lines, ("total", "", "", f"{billed.dollars:,.2f}")], right=[1, 3])


def _line(line: Line) -> tuple[str, str, str, str]:
    return line.service, _figure(line.quantity), line.metered, f"{line.dollars:,.2f}"


def _costs(billed: Bill) -> list[tuple[str, float, str]]:
    buffer = sum(line.dollars for line in billed.buffer)
    units = billed.peak.quantity / MONTH_HOURS
    return [
        (
            "buffered",
            billed.buffered_dollars,
            f"writes {billed.table[0].dollars:,.2f}, queue and consumer {buffer:,.2f}",
        ),
        ("provisioned for the burst", billed.peak.dollars, f"{units:,.0f} write units a second"),
        ("on demand", billed.on_demand.dollars, "throttles beyond 4,000 units/s, later beyond twice the last peak"),
    ]


def _alternatives(billed: Bill) -> str:
    return table([(name, f"{dollars:,.2f}", text) for name, dollars, text in _costs(billed)], right=[1])


def _verdict(planned: Plan, deployment: Deployment, billed: Bill) -> str:
    cheapest = min(_costs(billed), key=lambda each: each[1])[0]
    more = f"{sum(line.dollars for line in billed.storage):,.2f}"
    return (
        f"Cheapest with these prices: {cheapest}.{_ADVICE[cheapest]}{_batched(planned, deployment)}\n"
        f"  Storage and its point-in-time recovery: a month's records add {more} to each later month, if none replaces"
        " another."
    )


_ADVICE = {
    "buffered": "",
    "provisioned for the burst": " Write directly: the table is nearly as busy all the time.",
    "on demand": " Write directly to a table on demand, unless its throttles matter.",
}


def _batched(planned: Plan, deployment: Deployment) -> str:
    """The cost if clients post more records in a request, which matters most for small records."""
    workload = planned.workload
    if workload.records_per_request >= _FULL_BATCH or workload.record_bytes * _FULL_BATCH > REQUEST_BYTES_MAX:
        return ""
    billed = bill(plan(replace(workload, records_per_request=_FULL_BATCH), planned.consumer), deployment)
    dollars = f"{billed.buffered_dollars:,.2f} buffered, {billed.dollars:,.2f} in total"
    return f"\n  With {_FULL_BATCH} records a request: {dollars}."


def _figure(number: float) -> str:
    """At least three digits, and no decimals from 100 on."""
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"  # noqa: PLR2004 - the third digit


def _duration(seconds: float) -> str:
    """Two units, precise enough to compare plans: `45 s`, `12 min`, `4 h 17 min`, `3 days 2 h`."""
    for size, larger, per, smaller in ((86_400, "days", 24, "h"), (3600, "h", 60, "min"), (60, "min", 60, "s")):
        steps = round(seconds * per / size)
        if steps >= per:
            whole, rest = divmod(steps, per)
            return f"{whole:,} {larger if whole > 1 else larger.rstrip('s')}" + (f" {rest} {smaller}" if rest else "")
    return f"{_figure(seconds)} s"
