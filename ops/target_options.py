"""`--stack` and `--local`: the options of every command that works on a stack."""

import argparse

from ops.target import Target, on_aws, on_this_machine

_STACK = "forebay"
_PORT = 8000
_PORT_MAX = 65_535


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
        const=_PORT,
        help=f"instead, the local stack that make run serves on PORT (default: {_PORT})",
    )


def target_of(arguments: argparse.Namespace) -> Target:
    """Raises `TargetMissing`, and botocore's errors."""
    return on_aws(arguments.stack) if arguments.local is None else on_this_machine(arguments.local)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= _PORT_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port; write --local last, or with its port: --local={_PORT}")
