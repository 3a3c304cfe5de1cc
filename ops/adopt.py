"""Moves the messages of a queue whose stack is gone into another stack's record queue, which drains them."""

from ops.dead_letter_queue import DeadLetterQueue, OnProgress
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import SendBack


class Adopt(SendBack):
    """Every message that can be received, under its version; each is sent first and deleted then.

    It can be stopped and run again at any time: what was moved is gone from the old queue, and what was sent twice is
    put once. `messages`: about how many there are.
    """

    def __init__(self, old_queue: DeadLetterQueue, record_queue_url: str, messages: int, rate_limit: RateLimit) -> None:
        super().__init__(old_queue, record_queue_url, (), rate_limit)
        self.tally.selected = messages

    def run(self, on_progress: OnProgress) -> None:
        """Raises botocore's errors; `tally` has what was done until then."""
        on_progress(0, self.tally.selected)
        is_more = True
        while is_more and not self._queue.stop.is_set:
            deleted_before = self.tally.deleted
            scan = self._queue.scan()
            try:
                with scan:
                    for messages in scan:
                        for batch in self._batches(messages):
                            if not self._process_batch(scan, batch):
                                return
                            on_progress(self.tally.deleted, self.tally.selected)
            finally:
                self.tally.left_hidden += scan.left_hidden
                self.tally.hidden_seconds = scan.seconds
            is_more = not scan.complete and self.tally.deleted > deleted_before
