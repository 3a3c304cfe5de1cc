"""How far long work is: one line that is written again on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable
from typing import TextIO

_TERMINAL_SECONDS = 0.1
_LINES_SECONDS = 5.0


class Progress:
    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._terminal = stream.isatty()
        self._told_at: float | None = None

    def tell(self, text: str) -> None:
        now = self._monotonic()
        if self._told_at is not None and now - self._told_at < (
            _TERMINAL_SECONDS if self._terminal else _LINES_SECONDS
        ):
            return
        self._told_at = now
        self._stream.write(f"\r{text}\x1b[K" if self._terminal else f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Clears the line for what is said next."""
        if self._terminal and self._told_at is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        self._told_at = None
