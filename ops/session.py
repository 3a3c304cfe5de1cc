"""What the commands for dead letters share: Ctrl-C and progress around the library, and the texts about a scan."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ops import target_options
from ops.dead_letter import DeadLetter
from ops.dead_letter_queue import DeadLetterQueue, OnProgress, ScanResult, Selection, SummaryRequest
from ops.formatting import count, duration, printable, table
from ops.progress import Progress
from ops.stop import StopFlag, on_signals


class Session:
    """One command's work on the dead letters. Raises `TargetMissing` and botocore's errors, as its methods do."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.target = target_options.target_of(arguments)
        self.stop = StopFlag()
        self.queue = DeadLetterQueue(self.target.sqs, self.target.record_dead_letter_queue_url, self.stop)

    @contextmanager
    def progress(self, verb: str) -> Iterator[OnProgress]:
        """Within the block, Ctrl-C only sets `stop`, and progress is shown as it is reported."""
        progress = Progress(sys.stderr)

        def on_progress(done: int, of: int) -> None:
            # SQS only estimates how many there are, and the estimate may be below what is done.
            progress.show(f"{verb} {done:,} of about {max(done, of):,} dead letters")

        with on_signals(self.stop):
            try:
                yield on_progress
            finally:
                progress.end()

    def read(self, selection: Selection, summaries_max: int = 0) -> ScanResult:
        with self.progress("read") as on_progress:
            return self.queue.read(selection, on_progress, SummaryRequest(summaries_max, self.target.key_schema))

    def find(self, message_id: str) -> DeadLetter | None:
        with self.progress("read") as on_progress:
            return self.queue.find(message_id, on_progress)


def selection_of(arguments: argparse.Namespace) -> Selection:
    return Selection(frozenset(arguments.reason or ()), getattr(arguments, "message", None))


def counts_of(result: ScanResult, *, selected: bool = False) -> str:
    """A table of letters by reason, the most frequent first."""
    counts = result.selected if selected else result.counts
    rows = [("reason", "letters", "oldest", "newest", "first expires")]
    for reason, each in sorted(counts.items(), key=lambda item: (-item[1].letters, item[0])):
        oldest, newest, expires = (printable(at or "-") for at in (each.oldest, each.newest, each.first_expires))
        rows.append((printable(reason), f"{each.letters:,}", oldest, newest, expires))
    return table(rows, right=(1,))


def warnings_of(result: ScanResult) -> str:
    """What the counts leave out; empty for a scan that saw everything."""
    lines = []
    if not result.complete:
        lines.append("The queue was not read to its end: there may be more.")
    if result.in_flight_elsewhere:
        lines.append(
            f"About {count(result.in_flight_elsewhere, 'more dead letter')} cannot be seen now: somebody else reads "
            "them, or a command was killed while it did."
        )
    if result.left_hidden:
        lines.append(still_hidden(result.left_hidden, result.hidden_seconds))
    return "\n".join(lines)


def still_hidden(letters: int, seconds: int) -> str:
    return (
        f"{count(letters, 'dead letter')} could not be made visible again at once: "
        f"SQS does it by itself within {duration(seconds)}."
    )
