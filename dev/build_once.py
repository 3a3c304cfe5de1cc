"""`python3 dev/build_once.py MARKER --from FILE -- COMMAND…`: builds what MARKER marks as complete, once.

For the Makefile's environments, with any Python 3 and nothing else. MARKER is a file in the folder that COMMAND builds.
Of several runs at the same time one builds, and the others wait for it and find it done. A build that fails or is
killed leaves no marker, so the next run builds again. While it builds, it says every ten seconds how far it is, and at
the end how long it took and how much disk it uses.

The lock is a file that the process and its COMMAND have open, locked by the kernel: it is free as soon as all of them
have ended, however they end. So no killed `make` leaves it locked, and no orphaned `pip` writes into a second build.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PROGRESS_SECONDS = 10
_MEGABYTE, _BLOCK_BYTES = 1024 * 1024, 512
_LOCKS = Path(".local") / "locks"


def main(arguments: list[str]) -> int:
    """The command's exit status; 0 where nothing is left to do."""
    parser = argparse.ArgumentParser(prog="build_once", description="Builds what MARKER marks as complete, once.")
    parser.add_argument("marker", metavar="MARKER", type=Path)
    parser.add_argument("--from", dest="source", metavar="FILE", type=Path, required=True, help="what it is built from")
    parser.add_argument("--says", metavar="TEXT", default="", help="printed before the build")
    parser.add_argument("command", metavar="COMMAND", nargs="+")
    options = parser.parse_args(arguments)
    with _lock_file(options.marker).open("w") as lock:
        _acquire(lock.fileno(), options.marker)
        return 0 if _is_current(options.marker, options.source) else _build(options, lock.fileno())


def _build(options: argparse.Namespace, lock: int) -> int:
    marker: Path = options.marker
    if marker.parent.is_symlink():
        # `python -m venv --clear` would empty the folder that it points to, and then fail.
        print(
            f"{marker.parent} is a symbolic link, and older than {options.source}: rebuild its target", file=sys.stderr
        )
        return 1
    if marker.exists():
        marker.unlink()  # before the build: what follows may be interrupted at any time
    if options.says:
        print(options.says, flush=True)
    began = time.monotonic()
    status = _run(options.command, lock, lambda: _progress(marker.parent, began))
    if status == 0:
        marker.touch()
        print(f"{marker.parent} is ready: {_progress(marker.parent, began)}", flush=True)
    return status if status >= 0 else 128 - status


def _run(command: list[str], lock: int, progress: Callable[[], str]) -> int:
    with subprocess.Popen(command, pass_fds=[lock]) as process:  # noqa: S603 - the Makefile's own
        while True:
            try:
                return process.wait(_PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"  {progress()} so far", flush=True)


def _progress(folder: Path, began: float) -> str:
    size = sum(_size(Path(parent) / name) for parent, _, names in os.walk(folder) for name in names)
    return f"{size / _MEGABYTE:.0f} MB after {time.monotonic() - began:.0f} s"


def _size(path: Path) -> int:
    try:
        return path.lstat().st_blocks * _BLOCK_BYTES
    except OSError:
        return 0  # the build has deleted it meanwhile


def _lock_file(marker: Path) -> Path:
    """Outside the folder that is built, because the build may delete that."""
    _LOCKS.mkdir(parents=True, exist_ok=True)
    return _LOCKS / str(marker.parent).replace(os.sep, "_")


def _acquire(lock: int, marker: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"waiting for another build of {marker.parent} …", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _is_current(marker: Path, source: Path) -> bool:
    """As make sees it."""
    return marker.exists() and marker.stat().st_mtime >= source.stat().st_mtime


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
