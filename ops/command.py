"""What every command is made with: `add_to(subparsers)` adds its parser, whose default `run` does it.

`run` gets the parsed arguments and returns the exit code: 0, 1 for what failed, 130 for what Ctrl-C ended. Results go
to standard output, progress and what went wrong to standard error.
"""

import argparse
from typing import TypeAlias

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse's only name for it

DONE = 0
FAILED = 1
STOPPED = 130
"""As shells have it: 128 and the number of SIGINT."""
