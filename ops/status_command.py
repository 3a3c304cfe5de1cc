"""`status`: the buffer at this moment."""

import argparse
from datetime import UTC

from ops import target_options
from ops.command import DONE, Subparsers
from ops.formatting import count, duration, table
from ops.recent_puts import RecentPuts
from ops.status import Status, status_of


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "status",
        help="the buffer at this moment",
        description="Both queues, the table's capacity, when the buffer will be empty, and how fresh the table is.",
    )
    parser.add_argument(
        "--units-per-record",
        metavar="N",
        type=_positive,
        help="write units that a record costs, one for each KB (default: as recent puts, or else the average item)",
    )
    target_options.add_to(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    target = target_options.target_of(arguments)
    print(f"{target.name}\n\n{_text(status_of(target, arguments.units_per_record))}")
    return DONE


def _text(status: Status) -> str:
    dead = f"{status.dead_letters.total:,}"
    if status.dead_letters.in_flight:
        dead += f", {status.dead_letters.in_flight:,} of them hidden while somebody reads them"
    rate = status.units_per_second
    return table(
        [
            ("waiting", f"{status.records.waiting:,}"),
            ("in flight", f"{status.records.in_flight:,}"),
            ("dead letters", dead),
            ("table", "on-demand" if rate is None else f"{count(round(rate), 'write unit')} a second"),
            ("empty", _empty(status)),
            ("freshness", _freshness(status.recent)),
        ]
    )


def _empty(status: Status) -> str:
    seconds = status.seconds_to_empty
    if not status.records.total:
        return "now"
    if status.units_per_second is None:
        return "as fast as the consumer puts"
    if seconds is None:
        return "unknown: no record was put yet whose cost would tell; --units-per-record does"
    each = f"{status.units_per_record:.3g} write units a record"
    return f"in about {duration(seconds)}, at {each}, if no more records arrive"


def _freshness(recent: RecentPuts) -> str:
    if recent.error:
        return f"unknown: CloudWatch did not answer ({recent.error}); it takes cloudwatch:GetMetricData"
    if recent.freshness is None:
        return "unknown: CloudWatch has no metrics of this hour and the one before"
    p50, p99 = ("a second" if each <= 1 else duration(each) for each in (recent.freshness.p50, recent.freshness.p99))
    since = recent.freshness.since.astimezone(UTC)
    return f"half of the records put since {since:%H:%M} UTC were put within {p50}, 99 % within {p99}"


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0")
    return number
