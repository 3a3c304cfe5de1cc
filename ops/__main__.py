"""`python -m ops COMMAND …`: what an operator asks of the buffer, and does about it."""

import argparse
import os
import sys
from collections.abc import Sequence

from ops import dead_letters_command, plan_command, status_command
from ops.command import FAILED, STOPPED
from ops.troubles import TROUBLES, plain


def main(given: Sequence[str] | None = None) -> int:
    """The exit code: see `ops.command`; 2, by argparse, for what the parser does not understand."""
    parser = argparse.ArgumentParser(prog="python -m ops", description="Looks after the buffer.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    status_command.add_to(subparsers)
    dead_letters_command.add_to(subparsers)
    plan_command.add_to(subparsers)
    arguments = parser.parse_args(given)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except TROUBLES as error:
        print(f"forebay: {plain(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read the output has had enough (`| head`). Python would say so once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


if __name__ == "__main__":
    sys.exit(main())
