"""The progress of long work: on a terminal one line that is overwritten, elsewhere a new line every few seconds."""

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
        self._shown_at: float | None = None

    def show(self, text: str) -> None:
        """Skips the text when the last one was shown too short a time ago."""
        now = self._monotonic()
        interval = _TERMINAL_SECONDS if self._terminal else _LINES_SECONDS
        if self._shown_at is not None and now - self._shown_at < interval:
            return
        self._shown_at = now
        self._stream.write(f"\r{text}\x1b[K" if self._terminal else f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Clears the line on a terminal, before something else is printed."""
        if self._terminal and self._shown_at is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        self._shown_at = None
