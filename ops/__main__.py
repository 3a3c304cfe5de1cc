"""`python -m ops COMMAND …`: the operator's commands."""

import argparse
import os
import sys
from collections.abc import Sequence

from ops import adopt_command, dead_letters_command, plan_command, status_command
from ops.command import FAILED, STOPPED
from ops.errors import EXPECTED_ERRORS, error_line


def main(given: Sequence[str] | None = None) -> int:
    """Returns the exit code: see `ops.command`. argparse exits with 2 for invalid arguments."""
    parser = argparse.ArgumentParser(prog="python -m ops", description="Commands for the operator of a Forebay stack.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    status_command.add_to(subparsers)
    dead_letters_command.add_to(subparsers)
    adopt_command.add_to(subparsers)
    plan_command.add_to(subparsers)
    arguments = parser.parse_args(given)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except EXPECTED_ERRORS as error:
        print(f"forebay: {error_line(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader of the output has closed it (`| head`). Otherwise Python would print the error once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


if __name__ == "__main__":
    sys.exit(main())
