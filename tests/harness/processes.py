"""The processes of this machine, as Linux shows them in /proc."""

from collections.abc import Callable
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of other processes"
)


def processes(wanted: Callable[[bytes, bytes], bool]) -> list[int]:
    """The ids of all processes whose environment and command are wanted."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended, or is another user's
        if wanted(environment, command):
            found.append(int(process.name))
    return found


def processes_in(folder: str) -> list[int]:
    """The processes whose private folder this is."""
    return processes(lambda environment, _: f"TMPDIR={folder}\0".encode() in environment)
