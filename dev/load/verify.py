"""`python -m dev.load.verify FILE…`: verifies that every 202 is accounted for: in the table, or still in the queue.

A file holds answers of `POST /records`, or single receipts `{"id", "version"}`, one a line; `-` is standard input.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.load.item_reader import KEYS_PER_SECOND, ItemReader
from dev.load.receipts import ReceiptInvalid, Receipts
from ops import target_options
from ops.command import DONE, FAILED, STOPPED
from ops.dead_letter_queue import DeadLetterQueue
from ops.depth import depth_of
from ops.errors import EXPECTED_ERRORS, error_line
from ops.formatting import count, duration, printable, shortened, table
from ops.progress import Progress
from ops.stop import StopFlag, on_signals
from ops.target import Target
from records.key import Key

WAIT_SECONDS_MAX = 3600.0
STALLED_SECONDS_MAX = 180.0
_POLL_SECONDS = 0.5
_RATE_SECONDS = 15.0
_ATTEMPTS = 3
"""SQS's counts are approximate: a record in neither queue nor table is looked up again before it counts as lost."""
_LOST_SHOWN = 5
_ID_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the receipts' records are. `in_table` to `lost` count receipts, and add up to `receipts`."""

    receipts: int
    in_table: int
    superseded: int
    """A newer version of the same id was accepted."""
    in_queue: int
    """Not in the table yet; no more than the queue holds messages."""
    dead_lettered: int
    lost: int
    lost_keys: tuple[Key, ...]
    """The first of them; empty while the queue holds messages, because then it is not known which ones are lost."""
    backlog: int
    """Messages in the queue."""
    dead_letters: int
    """All messages in the dead-letter queue, those of other producers included."""

    @property
    def holds(self) -> bool:
        return self.lost == 0

    def text(self) -> str:
        found = "every 202 is accounted for" if self.holds else f"{count(self.lost, 'RECORD')} LOST"
        rows = [
            ("in the table", f"{self.in_table:,}"),
            ("superseded by a newer one", f"{self.superseded:,}"),
            ("still in the queue", f"{self.in_queue:,}"),
            ("dead-lettered", f"{self.dead_lettered:,}"),
            ("lost", f"{self.lost:,}"),
        ]
        totals = f"The queue holds {count(self.backlog, 'message')}; {self._other_dead_letters()}."
        ids = [shortened(printable(" ".join(key.members().values())), _ID_SHOWN) for key in self.lost_keys]
        named = [f"The first of the lost: {', '.join(ids)}"] if ids else []
        return "\n".join([f"{count(self.receipts, 'receipt')}: {found}", table(rows, right=[1]), totals, *named])

    def _other_dead_letters(self) -> str:
        """Those without a receipt here: other producers' messages, and versions that newer ones superseded."""
        others = max(0, self.dead_letters - self.dead_lettered)
        return f"{count(others, 'dead letter')} of messages without a receipt" if others else "no other dead letters"


class Verification:
    """Compares receipts with the queues and the table. `on_progress` is called with a line of text."""

    def __init__(self, target: Target, stop: StopFlag, on_progress: Callable[[str], None]) -> None:
        self._target = target
        self._stop = stop
        self._on_progress = on_progress

    def run(self, receipts: Receipts, wait_seconds: float = WAIT_SECONDS_MAX) -> Verdict:
        """Waits at most so long until the buffer is empty; not at all after `stop`. Raises botocore's errors."""
        self._wait(wait_seconds)
        missing, backlog = list(receipts), 0
        for attempt in range(_ATTEMPTS):
            # The queue first: a record that is put between the two reads is then seen in both, not in neither.
            backlog = self._backlog()
            missing = self._missing(receipts, missing)
            if not missing or backlog:
                break
            StopFlag().wait(_POLL_SECONDS * attempt)
        dead_letters = depth_of(self._target.sqs, self._target.record_dead_letter_queue_url).total
        dead = self._dead_lettered(receipts, set(missing)) if missing and dead_letters else set()
        missing = [key for key in missing if key not in dead]
        lost = max(0, len(missing) - backlog)
        return Verdict(
            receipts=receipts.count,
            in_table=len(receipts) - len(missing) - len(dead),
            superseded=receipts.superseded,
            in_queue=len(missing) - lost,
            dead_lettered=len(dead),
            lost=lost,
            lost_keys=() if backlog else tuple(missing[:_LOST_SHOWN]),
            backlog=backlog,
            dead_letters=dead_letters,
        )

    def _backlog(self) -> int:
        return depth_of(self._target.sqs, self._target.record_queue_url).total

    def _wait(self, seconds: float) -> None:
        """Until the buffer is empty, `stop` is made, the time is up, or the backlog has not changed for long."""
        now = time.monotonic()
        until, changed = now + seconds, now
        samples: deque[tuple[float, int]] = deque()
        while (backlog := self._backlog()) and not self._stop.is_set:
            now = time.monotonic()
            if samples and samples[-1][1] != backlog:
                changed = now
            if now >= until or now - changed >= STALLED_SECONDS_MAX:
                return
            samples.append((now, backlog))
            while now - samples[0][0] > _RATE_SECONDS:
                samples.popleft()
            self._on_progress(_drain_text(samples))
            self._stop.wait(min(_POLL_SECONDS, until - now))

    def _missing(self, receipts: Receipts, keys: Sequence[Key]) -> list[Key]:
        """Those whose newest accepted version, or a newer one, is not in the table."""
        left = dict.fromkeys(keys)
        for number, (key, provenance) in enumerate(ItemReader(self._target).read(keys), 1):
            if number % KEYS_PER_SECOND == 0:
                self._on_progress(f"reading the table: {number:,} of {len(keys):,}")
            if receipts.satisfied_by(key, provenance.version if provenance else None):
                left.pop(key, None)
        return list(left)

    def _dead_lettered(self, receipts: Receipts, keys: set[Key]) -> set[Key]:
        found = set()
        queue = DeadLetterQueue(self._target.sqs, self._target.record_dead_letter_queue_url, StopFlag())
        with queue.scan() as scan:
            for letter in (letter for letters in scan for letter in letters):
                key, version = letter.key(self._target.key_schema), letter.version
                if key is not None and key in keys and version and receipts.is_newest(key, version.text()):
                    found.add(key)
        return found


def _drain_text(samples: "deque[tuple[float, int]]") -> str:
    """The backlog and how fast it drains, from (time, backlog) pairs."""
    (began, first), (now, backlog) = samples[0], samples[-1]
    text = f"backlog {backlog:,}"
    if backlog < first:
        rate = (first - backlog) / (now - began)
        text += f", {rate:.1f} puts a second, empty in about {duration(backlog / rate)}"
    return text


def _lines(files: Sequence[str]) -> Iterator[str]:
    for name in files:
        if name == "-":
            yield from sys.stdin
        else:
            with Path(name).open(encoding="utf-8") as file:
                yield from file


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every 202 is accounted for, 1 where one is lost or an error ended the verification, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.load.verify", description="Verifies that every 202 is accounted for."
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="receipts or answers, one a line; - for standard input"
    )
    parser.add_argument("--no-wait", action="store_true", help="do not wait until the buffer is empty")
    target_options.add_to(parser)
    options = parser.parse_args(arguments)
    progress = Progress(sys.stderr)
    stop = StopFlag()
    try:
        receipts = Receipts.read(_lines(options.files))
        with on_signals(stop):
            verification = Verification(target_options.target_of(options), stop, progress.show)
            verdict = verification.run(receipts, 0 if options.no_wait else WAIT_SECONDS_MAX)
    except (ReceiptInvalid, OSError, UnicodeDecodeError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return FAILED
    except EXPECTED_ERRORS as error:
        print(f"verify: {error_line(error)}", file=sys.stderr)
        return FAILED
    progress.end()
    print(verdict.text())
    if not verdict.holds:
        return FAILED
    return STOPPED if stop.is_set else DONE


if __name__ == "__main__":
    sys.exit(main())
