"""What becomes of dead letters: they go back to the queue of records, or are dropped.

Which ones is a list of message ids that an earlier scan named (`DeadLetterQueue.read`). A letter that went back and
comes again, perhaps within a second, is another message, so it is left alone; and no stream of new letters keeps this
from ending.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ops.dead_letters import DeadLetterQueue, Told
from ops.letter import Letter
from ops.pace import Pace
from ops.scan import Scan
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX
from records.message import VERSION_ATTRIBUTE


@dataclass(slots=True)
class Tally:
    """What has been done so far, kept up to date: it is true however the work ends."""

    wanted: int
    sent: int = 0
    """SQS has confirmed the message in the queue of records."""
    deleted: int = 0
    """The letter is gone. Sending back, what is sent and not deleted is a dead letter still; to send it once more is
    harmless, because it has the same version."""
    without_version: int = 0
    """Stay, as the version that they need is not known or has no room."""
    refused: int = 0
    """Stay, because SQS did not take them, or did not let go of them."""
    not_found: int = 0
    """Were not in the queue any more, or somebody else held them."""
    left_hidden: int = 0
    """Could not be made visible again; they are after `hidden_seconds`."""
    hidden_seconds: int = 0


class Settlement(ABC):
    """Of the letters with these message ids."""

    def __init__(self, queue: DeadLetterQueue, message_ids: Sequence[str]) -> None:
        self.tally = Tally(len(message_ids))
        self._queue = queue
        self._left = set(message_ids)

    def run(self, told: Told) -> None:
        """Meets them in as many scans as their number and the pace need, until `stop` is made.

        Raises botocore's errors; `tally` says how far it came.
        """
        told(0, self.tally.wanted)
        while self._left and not self._queue.stop.made:
            before = len(self._left)
            scan = self._queue.scan()
            try:
                with scan:
                    self._meet(scan, told)
            finally:
                self.tally.left_hidden += scan.left_hidden
                self.tally.hidden_seconds = scan.seconds
            if scan.complete or len(self._left) == before:
                break
        if not self._queue.stop.made:
            self.tally.not_found = len(self._left)

    def _meet(self, scan: Scan, told: Told) -> None:
        for letters in scan:
            met = [letter for letter in letters if letter.message_id in self._left]
            self._left.difference_update(letter.message_id for letter in met)
            for some in self._batches(met):
                if not self._settle(scan, some):
                    return
                told(self.tally.deleted, self.tally.wanted)
            if not self._left:
                return

    @abstractmethod
    def _batches(self, letters: list[Letter]) -> Iterable[list[Letter]]:
        """What is settled at once, at most 10."""

    @abstractmethod
    def _settle(self, scan: Scan, letters: list[Letter]) -> bool:
        """Whether to go on."""

    def _delete(self, scan: Scan, letters: list[Letter]) -> int:
        """How many are gone now."""
        if not letters:
            return 0
        answer = self._queue.sqs.delete_message_batch(
            QueueUrl=self._queue.url,
            Entries=[{"Id": str(n), "ReceiptHandle": letter.receipt_handle} for n, letter in enumerate(letters)],
        )
        deleted = {entry["Id"] for entry in answer.get("Successful", ())}
        for n, letter in enumerate(letters):
            if str(n) in deleted:
                scan.gone(letter)
        self.tally.deleted += len(deleted)
        return len(deleted)


class SendBack(Settlement):
    """Sends letters to the queue of records: the body untouched, the same version, none of the reason's attributes.

    First sent, then deleted: a crash in between may send a letter twice, which its version makes harmless, and can lose
    none. The record's put is conditional, so it never overwrites one that was accepted later.
    """

    def __init__(self, queue: DeadLetterQueue, record_queue_url: str, message_ids: Sequence[str], pace: Pace) -> None:
        super().__init__(queue, message_ids)
        self._record_queue_url = record_queue_url
        self._pace = pace

    def _batches(self, letters: list[Letter]) -> Iterator[list[Letter]]:
        """As one SendMessageBatch may carry them."""
        batch: list[Letter] = []
        size = 0
        for letter in letters:
            version = letter.version
            if version is None:
                self.tally.without_version += 1
                continue
            each = letter.body_bytes + version.bytes_as(VERSION_ATTRIBUTE)
            if batch and (len(batch) == self._pace.at_once or size + each > SEND_BATCH_BYTES_MAX):
                yield batch
                batch, size = [], 0
            batch.append(letter)
            size += each
        if batch:
            yield batch

    def _settle(self, scan: Scan, letters: list[Letter]) -> bool:
        if not self._pace.turn(len(letters)):
            return False
        versions = [version.to_send() for letter in letters if (version := letter.version)]
        answer = self._queue.sqs.send_message_batch(
            QueueUrl=self._record_queue_url,
            Entries=[
                {"Id": str(n), "MessageBody": letter.body, "MessageAttributes": {VERSION_ATTRIBUTE: version}}
                for n, (letter, version) in enumerate(zip(letters, versions, strict=True))
            ],
        )
        # Only what is confirmed by name may be deleted.
        confirmed = {entry["Id"] for entry in answer.get("Successful", ())}
        sent = [letter for n, letter in enumerate(letters) if str(n) in confirmed]
        self.tally.sent += len(sent)
        self.tally.refused += len(letters) - len(sent)
        self._delete(scan, sent)
        return True


class Drop(Settlement):
    """Deletes letters for ever."""

    def _batches(self, letters: list[Letter]) -> Iterator[list[Letter]]:
        for at in range(0, len(letters), SEND_BATCH_ENTRIES_MAX):
            yield letters[at : at + SEND_BATCH_ENTRIES_MAX]

    def _settle(self, scan: Scan, letters: list[Letter]) -> bool:
        self.tally.refused += len(letters) - self._delete(scan, letters)
        return True
