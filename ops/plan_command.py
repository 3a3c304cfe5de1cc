"""`python -m ops plan`: whether a workload's backlog drains, the parameters to set, and what it costs."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ops.advice import advise
from ops.command import DONE, Subparsers
from ops.plan import write_units_with_room
from ops.plan_json import as_json
from ops.plan_page import page
from ops.plan_picture import picture
from ops.prices import Deployment
from ops.workload import MEMORY_MB, READ_UNITS, Workload, WorkloadInvalid

_DESCRIPTION = """\
Plans a table and its buffer, without AWS and without a network: does the backlog drain, what to set, and what it costs
beside a table without a buffer."""
EXAMPLES = {
    "A web shop's events, with a rush every evening for three hours. The collector posts ten at a time": (
        "--rate 20 --burst-rate 200 --burst-minutes 180 --record-bytes 1500 --records-per-request 10"
    ),
    "60,000 devices that report on the hour, one record each, within five minutes": (
        "--rate 0 --burst-records 60000 --burst-minutes 5 --burst-every 1 --record-bytes 600"
    ),
    "A nightly import: two million records in 20 minutes, 500 a request, into a table of 50 write units": (
        "--rate 0 --burst-records 2000000 --burst-minutes 20 --record-bytes 800 --records-per-request 500"
        " --write-units 50"
    ),
}
"""What the options are for, and the options."""
_LAMBDA_MB_MIN, _LAMBDA_MB_MAX = 128, 10_240


def add_to(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "plan",
        help="for a workload: does it drain, what to set, and what it costs",
        description=_DESCRIPTION,
        epilog='examples, as `make plan ARGS="…"` or after `python -m ops plan`\n'
        + "\n".join(f"  {about}:\n    {options}" for about, options in EXAMPLES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_load(parser)
    _add_deployment(parser)
    parser.add_argument("--details", action="store_true", help="print each line of the bill too")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON, with units in the names")
    parser.add_argument(
        "--picture", type=_svg, metavar="FILE.svg", help="draw the backlog from one burst to the next into this file"
    )
    parser.set_defaults(run=partial(_run, parser))


def _add_load(parser: argparse.ArgumentParser) -> None:
    number, whole = _number_of(float, "a number"), _number_of(int, "a whole number")
    load = parser.add_argument_group("what arrives")
    load.add_argument("--rate", type=number, required=True, metavar="R", help="records a second between bursts")
    burst = load.add_mutually_exclusive_group(required=True)
    burst.add_argument("--burst-rate", type=number, metavar="R", help="records a second during a burst, in total")
    burst.add_argument("--burst-records", type=number, metavar="N", help="or: records of a burst, in total")
    load.add_argument("--burst-minutes", type=number, required=True, metavar="M", help="how long a burst lasts")
    load.add_argument(
        "--burst-every", type=number, metavar="HOURS", default=24.0, help="from burst to burst (default: 24 hours)"
    )
    load.add_argument("--record-bytes", type=whole, required=True, metavar="N", help="bytes of a record's JSON text")
    load.add_argument(
        "--records-per-request",
        type=whole,
        metavar="K",
        default=1,
        help="records that a client posts together (default: 1)",
    )


def _add_deployment(parser: argparse.ArgumentParser) -> None:
    whole = _number_of(int, "a whole number")
    group = parser.add_argument_group("table and functions")
    group.add_argument(
        "--write-units",
        type=whole,
        metavar="W",
        help="write units a second of the table (default: the fewest of which the load uses at most 80 %% on average)",
    )
    group.add_argument(
        "--read-units",
        type=whole,
        metavar="U",
        default=READ_UNITS,
        help=f"read units a second of the table (default: {READ_UNITS})",
    )
    group.add_argument(
        "--front", choices=["HttpApi", "FunctionUrl"], default="HttpApi", help="the API's front (default: HttpApi)"
    )
    group.add_argument("--access-log", action="store_true", help="with AccessLog=true")
    group.add_argument("--tracing", action="store_true", help="with Tracing=true")
    for function in ("api", "consumer"):
        group.add_argument(
            f"--{function}-memory",
            type=whole,
            metavar="MB",
            default=MEMORY_MB,
            help=f"the memory of its function (default: {MEMORY_MB})",
        )


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


def _svg(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".svg":
        raise argparse.ArgumentTypeError(f"the picture is an SVG, so its name must end in .svg: {text!r}")
    return path


def _workload(arguments: argparse.Namespace) -> Workload:
    seconds = arguments.burst_minutes * 60
    rate = arguments.burst_rate
    if rate is None:
        rate = arguments.burst_records / seconds if seconds > 0 else math.inf  # such a burst is refused below
    workload = Workload(
        rate=arguments.rate,
        burst_rate=rate,
        burst_seconds=seconds,
        period_seconds=arguments.burst_every * 3600,
        record_bytes=arguments.record_bytes,
        write_units=1 if arguments.write_units is None else arguments.write_units,
        read_units=arguments.read_units,
        records_per_request=arguments.records_per_request,
    )
    return replace(workload, write_units=write_units_with_room(workload)) if arguments.write_units is None else workload


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    """Invalid input exits with 2, before anything is printed."""
    if not all(_LAMBDA_MB_MIN <= mb <= _LAMBDA_MB_MAX for mb in (arguments.api_memory, arguments.consumer_memory)):
        parser.error(f"a function has {_LAMBDA_MB_MIN} to {_LAMBDA_MB_MAX:,} MB")
    deployment = Deployment(
        has_api_gateway=arguments.front == "HttpApi",
        has_access_log=arguments.access_log,
        has_tracing=arguments.tracing,
        api_memory_mb=arguments.api_memory,
    )
    try:
        advice = advise(_workload(arguments), deployment, arguments.consumer_memory)
    except WorkloadInvalid as error:
        parser.error(f"{error}")
    if arguments.picture:
        try:
            arguments.picture.write_text(picture(advice), encoding="utf-8")
        except OSError as error:
            parser.error(f"cannot write {arguments.picture}: {error.strerror}")
        print(f"wrote {arguments.picture}", file=sys.stderr)
    print(
        json.dumps(as_json(advice), indent=2, allow_nan=False)
        if arguments.json
        else page(advice, details=arguments.details)
    )
    return DONE
