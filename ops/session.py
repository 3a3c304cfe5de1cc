"""One command's work on the dead letters: Ctrl-C and progress around the library."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ops import target_options
from ops.dead_letters import DeadLetterQueue, Describe, Reading, Selection, Told
from ops.letter import Letter
from ops.progress import Progress
from ops.stop import Stop, on_signals
from ops.text import count, duration, table


class Session:
    """Raises `TargetMissing` and botocore's errors, as its methods do."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.target = target_options.target_of(arguments)
        self.stop = Stop()
        self.queue = DeadLetterQueue(self.target.sqs, self.target.record_dead_letter_queue_url, self.stop)

    @contextmanager
    def progress(self, verb: str) -> Iterator[Told]:
        """Within the block Ctrl-C is only a request, and what is told is shown."""
        progress = Progress(sys.stderr)

        def told(done: int, of: int) -> None:
            # How many there are is an estimate of SQS's: never less than what is done.
            progress.tell(f"{verb} {done:,} of about {max(done, of):,} dead letters")

        with on_signals(self.stop):
            try:
                yield told
            finally:
                progress.end()

    def read(self, selection: Selection, described_max: int = 0) -> Reading:
        with self.progress("read") as told:
            return self.queue.read(selection, told, Describe(described_max, self.target.key_schema))

    def find(self, message_id: str) -> Letter | None:
        with self.progress("read") as told:
            return self.queue.find(message_id, told)


def selection_of(arguments: argparse.Namespace) -> Selection:
    return Selection(frozenset(arguments.reason or ()), getattr(arguments, "message", None))


def counts_of(reading: Reading, *, selected: bool = False) -> str:
    """A table of letters by reason, the most frequent first."""
    counts = reading.selected if selected else reading.counts
    rows = [("reason", "letters", "oldest", "newest")]
    for reason, each in sorted(counts.items(), key=lambda item: (-item[1].letters, item[0])):
        rows.append((reason, f"{each.letters:,}", each.oldest or "-", each.newest or "-"))
    return table(rows, right=(1,))


def caveats_of(reading: Reading) -> str:
    """What the reader has to know besides; empty for a scan that saw everything."""
    lines = []
    if not reading.complete:
        lines.append("The queue was not read to its end: there may be more.")
    if reading.elsewhere:
        lines.append(
            f"About {count(reading.elsewhere, 'more dead letter')} cannot be seen now: somebody else looks at them, "
            "or a command was killed while it did."
        )
    if reading.left_hidden:
        lines.append(hidden(reading.left_hidden, reading.hidden_seconds))
    return "\n".join(lines)


def hidden(letters: int, seconds: int) -> str:
    return (
        f"{count(letters, 'dead letter')} could not be made visible again at once: "
        f"SQS does it by itself within {duration(seconds)}."
    )
