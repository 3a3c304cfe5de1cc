"""A process's log on the terminal, while the process runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_POLL_SECONDS = 0.2
_CONSOLE_POLL = '"route":"/buffer"'
"""In the API's line for each request. The console makes this one every second, which would bury the others."""


@contextmanager
def followed(log: Path, output: TextIO) -> Iterator[None]:
    """Within the block, every line of the log is written to `output` too, but for the console's polling."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(log, output, ended), name=f"follow {log.name}")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(log: Path, output: TextIO, ended: threading.Event) -> None:
    with suppress(OSError), log.open(encoding="utf-8", errors="replace") as file:  # the terminal may be closed
        pending = ""
        while True:
            last = ended.wait(_POLL_SECONDS)  # before the file is read, so that nothing is missed at the end
            lines = (pending + file.read()).splitlines(keepends=True)
            pending = "" if last or not lines or lines[-1].endswith("\n") else lines.pop()
            output.writelines(line for line in lines if _CONSOLE_POLL not in line)
            output.flush()
            if last:
                return
