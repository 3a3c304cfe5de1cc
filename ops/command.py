"""What all commands have in common: `add_to(subparsers)` adds a command's parser, whose default `run` executes it.

`run` gets the parsed arguments and returns the exit code: 0, 1 for a failure, 130 after Ctrl-C. Results go to standard
output, progress and errors to standard error.
"""

import argparse
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse's only name for it

DONE = 0
FAILED = 1
STOPPED = 130
"""As in shells: 128 plus the number of SIGINT."""
