"""The dead letters for the page, read by the operator's own library. Every method blocks."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.dead_letter import DeadLetter
from ops.dead_letter_queue import DeadLetterQueue, DeadLetterSummary, Selection, SummaryRequest
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import SendBack, Tally
from ops.stop import StopFlag

if TYPE_CHECKING:
    from ops.target import Target

SHOWN_MAX = 50
_SENT_BACK_PER_SECOND = 50


@dataclass(frozen=True, slots=True)
class DeadLettersOverview:
    """What the last read of the dead-letter queue found."""

    reasons: dict[str, int] = field(default_factory=dict)
    """Dead letters by reason, the most frequent first."""
    letters: tuple[DeadLetterSummary, ...] = ()
    """The first `SHOWN_MAX`."""
    read: bool = False

    @property
    def count(self) -> int:
        return sum(self.reasons.values())


class ConsoleDeadLetters:
    """One call at a time: a read hides the letters that it has received from every other."""

    def __init__(self, target: "Target") -> None:
        self._target = target
        self._stop = StopFlag()
        self._queue = DeadLetterQueue(target.sqs, target.record_dead_letter_queue_url, self._stop)
        self._lock = threading.Lock()

    def read(self) -> DeadLettersOverview:
        with self._lock:
            reading = self._queue.read(Selection(), _no_progress, SummaryRequest(SHOWN_MAX, self._target.key_schema))
        counts = sorted(reading.counts.items(), key=lambda each: (-each[1].letters, each[0]))
        return DeadLettersOverview(
            {reason: count.letters for reason, count in counts}, tuple(reading.summaries), read=True
        )

    def find(self, message_id: str) -> DeadLetter | None:
        with self._lock:
            return self._queue.find(message_id, _no_progress)

    def send_back(self, message_id: str | None) -> Tally:
        """Sends one dead letter back to the queue of records, or all of them."""
        with self._lock:
            ids = [message_id] if message_id else self._queue.read(Selection(), _no_progress).message_ids
            work = SendBack(
                self._queue, self._target.record_queue_url, ids, RateLimit(_SENT_BACK_PER_SECOND, self._stop.wait)
            )
            work.run(_no_progress)
            return work.tally

    def stop(self) -> None:
        self._stop.set()


def _no_progress(_done: int, _of: int) -> None:
    """The page shows none."""
