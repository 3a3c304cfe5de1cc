"""`status`: the buffer at this moment."""

import argparse

from ops import target_options
from ops.command import DONE, Subparsers
from ops.formatting import count, duration, table
from ops.status import Status, status_of


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "status",
        help="the buffer at this moment",
        description="The depths of both queues, the table's capacity, and when the buffer will be empty.",
    )
    parser.add_argument(
        "--units-per-record",
        metavar="N",
        type=_positive,
        help="write units that a record costs, one for each KB (default: the average of the items in the table)",
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
    if status.write_capacity_units is None:
        capacity, empty = "on-demand", "as fast as the consumer puts"
    else:
        capacity = f"{count(status.write_capacity_units, 'write unit')} a second"
        empty = "now"
    if status.records.total and status.seconds_to_empty is not None:
        each = f"{status.write_units_per_record:g} write units"
        empty = f"in about {duration(status.seconds_to_empty)}, at {each} a record, if no more records arrive"
    return table(
        [
            ("waiting", f"{status.records.waiting:,}"),
            ("in flight", f"{status.records.in_flight:,}"),
            ("dead letters", dead),
            ("table", capacity),
            ("empty", empty),
        ]
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0")
    return number
