"""`--stack` and `--local`: the options of every command that works on a stack."""

import argparse
import os
from collections.abc import Mapping

from ops.target import Target, TargetMissing, on_aws, on_this_machine

_STACK = "forebay"
_PORT = 8000
_PORT_MAX = 65_535
_PORT_OF_THE_ENVIRONMENT = 0


def add_to(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where").add_mutually_exclusive_group()
    group.add_argument(
        "--stack",
        metavar="NAME",
        default=_STACK,
        help=f"the CloudFormation stack on AWS (default: {_STACK}), with boto3's usual AWS_ variables",
    )
    group.add_argument(
        "--local",
        metavar="PORT",
        nargs="?",
        type=_port,
        const=_PORT_OF_THE_ENVIRONMENT,
        help=f"instead, the local stack that make run serves on PORT (default: the variable PORT, or {_PORT})",
    )


def target_of(arguments: argparse.Namespace) -> Target:
    """Raises `TargetMissing`, and botocore's errors."""
    if arguments.local is None:
        return on_aws(arguments.stack)
    return on_this_machine(arguments.local or _port_of(os.environ))


def _port_of(environment: Mapping[str, str]) -> int:
    """As `make run` reads it."""
    text = environment.get("PORT", f"{_PORT}")
    try:
        return _port(text)
    except argparse.ArgumentTypeError as error:
        raise TargetMissing(f"PORT={text}: a whole number from 1 to {_PORT_MAX}") from error


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= _PORT_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port; write --local last, or with its port: --local={_PORT}")
