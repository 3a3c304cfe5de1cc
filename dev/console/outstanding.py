"""How many records are accepted and not done. Pure.

SQS counts a message until its batch has ended; the emulator counts each put as it happens. So the display falls with
the puts, without more requests.
"""


class OutstandingRecords:
    """What was sent less what is done, held within what the queue says: totals may drift apart, because SQS may deliver
    a message twice and the consumer may re-enqueue one. Whenever the queue is empty, they start again.
    """

    def __init__(self) -> None:
        self._drift = 0

    def count(self, sent: int, done: int, messages: int) -> int:
        """`messages`: in the queue, visible or in flight."""
        if not messages:
            self._drift = sent - done
            return 0
        return min(max(1, sent - done - self._drift), messages)
