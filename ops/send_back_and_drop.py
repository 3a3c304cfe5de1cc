"""The two actions on dead letters: send them back to the record queue, or drop them.

An action gets the message ids that an earlier scan found (`DeadLetterQueue.read`). A letter that was sent back and is
dead-lettered again, perhaps within a second, has another message id, so it is left alone, and an action always ends.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ops.dead_letter import DeadLetter
from ops.dead_letter_queue import DeadLetterQueue, OnProgress
from ops.rate_limit import RateLimit
from ops.scan import Scan
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX
from records.message import VERSION_ATTRIBUTE


@dataclass(slots=True)
class Tally:
    """Counts what has been done so far. It is right at any moment, however the action ends."""

    selected: int
    sent: int = 0
    """SQS has confirmed the message in the record queue."""
    deleted: int = 0
    """The letter has been deleted. A letter that was sent back and not deleted is still a dead letter; to send it back
    once more is harmless, because the version is the same."""
    must_stay: int = 0
    """These stay: see `DeadLetter.version`."""
    refused: int = 0
    """These stay, because SQS refused to take or to delete them."""
    not_found: int = 0
    """These were not in the queue any more, or others had them in flight."""
    left_hidden: int = 0
    """These could not be made visible again. SQS does it after `hidden_seconds`."""
    hidden_seconds: int = 0


class DeadLetterAction(ABC):
    """An action on the letters with these message ids; without ids on all letters, of which there are about so many."""

    def __init__(self, queue: DeadLetterQueue, message_ids: Sequence[str] | None, about: int = 0) -> None:
        self.tally = Tally(about if message_ids is None else len(message_ids))
        self._queue = queue
        self._left = None if message_ids is None else set(message_ids)
        self._found = 0

    def run(self, on_progress: OnProgress) -> None:
        """Scans the queue, several times if one scan is too short for all letters, until `stop` is set.

        Raises botocore's errors; `tally` has what was done until then.
        """
        on_progress(0, self.tally.selected)
        while self._left != set() and not self._queue.stop.is_set:
            found_before = self._found
            scan = self._queue.scan()
            try:
                with scan:
                    self._process_scan(scan, on_progress)
            finally:
                self.tally.left_hidden += scan.left_hidden
                self.tally.hidden_seconds = scan.seconds
            if scan.complete or self._found == found_before:
                break
        if not self._queue.stop.is_set:
            self.tally.not_found = len(self._left or ())

    def _process_scan(self, scan: Scan, on_progress: OnProgress) -> None:
        for letters in scan:
            for batch in self._batches(self._selected(letters)):
                if not self._process_batch(scan, batch):
                    return
                on_progress(self.tally.deleted, self.tally.selected)
            if self._left == set():
                return

    def _selected(self, letters: list[DeadLetter]) -> list[DeadLetter]:
        selected = letters
        if self._left is not None:
            selected = [letter for letter in letters if letter.message_id in self._left]
            self._left.difference_update(letter.message_id for letter in selected)
        self._found += len(selected)
        return selected

    @abstractmethod
    def _batches(self, letters: list[DeadLetter]) -> Iterable[list[DeadLetter]]:
        """Splits letters into batches of at most 10."""

    @abstractmethod
    def _process_batch(self, scan: Scan, letters: list[DeadLetter]) -> bool:
        """Returns whether to go on."""

    def _delete(self, scan: Scan, letters: list[DeadLetter]) -> int:
        """Returns how many were deleted."""
        if not letters:
            return 0
        answer = self._queue.sqs.delete_message_batch(
            QueueUrl=self._queue.url,
            Entries=[{"Id": str(n), "ReceiptHandle": letter.receipt_handle} for n, letter in enumerate(letters)],
        )
        deleted = {entry["Id"] for entry in answer.get("Successful", ())}
        for n, letter in enumerate(letters):
            if str(n) in deleted:
                scan.forget(letter)
        self.tally.deleted += len(deleted)
        return len(deleted)


class SendBack(DeadLetterAction):
    """Sends letters to the record queue: body unchanged, the same version, without the attributes about the reason.

    Each is sent first and deleted then. A crash in between may send a letter twice, which is harmless because of the
    version, and loses none. The record's put is conditional, so it never overwrites one that was accepted later.
    """

    def __init__(
        self,
        queue: DeadLetterQueue,
        record_queue_url: str,
        message_ids: Sequence[str] | None,
        rate_limit: RateLimit,
        about: int = 0,
    ) -> None:
        super().__init__(queue, message_ids, about)
        self._record_queue_url = record_queue_url
        self._rate_limit = rate_limit

    def _batches(self, letters: list[DeadLetter]) -> Iterator[list[DeadLetter]]:
        """Batches within the rate limit and SQS's limits for one SendMessageBatch."""
        batch: list[DeadLetter] = []
        batch_bytes = 0
        for letter in letters:
            version = letter.version
            if version is None:
                self.tally.must_stay += 1
                continue
            letter_bytes = letter.body_bytes + version.size(VERSION_ATTRIBUTE)
            full = len(batch) == self._rate_limit.batch_max or batch_bytes + letter_bytes > SEND_BATCH_BYTES_MAX
            if batch and full:
                yield batch
                batch, batch_bytes = [], 0
            batch.append(letter)
            batch_bytes += letter_bytes
        if batch:
            yield batch

    def _process_batch(self, scan: Scan, letters: list[DeadLetter]) -> bool:
        if not self._rate_limit.acquire(len(letters)):
            return False
        versions = [version.to_send() for letter in letters if (version := letter.version)]
        answer = self._queue.sqs.send_message_batch(
            QueueUrl=self._record_queue_url,
            Entries=[
                {"Id": str(n), "MessageBody": letter.body, "MessageAttributes": {VERSION_ATTRIBUTE: version}}
                for n, (letter, version) in enumerate(zip(letters, versions, strict=True))
            ],
        )
        # Only letters that SQS has confirmed one by one may be deleted.
        confirmed = {entry["Id"] for entry in answer.get("Successful", ())}
        sent = [letter for n, letter in enumerate(letters) if str(n) in confirmed]
        self.tally.sent += len(sent)
        self.tally.refused += len(letters) - len(sent)
        self._delete(scan, sent)
        return True


class Drop(DeadLetterAction):
    """Deletes letters for ever."""

    def _batches(self, letters: list[DeadLetter]) -> Iterator[list[DeadLetter]]:
        for at in range(0, len(letters), SEND_BATCH_ENTRIES_MAX):
            yield letters[at : at + SEND_BATCH_ENTRIES_MAX]

    def _process_batch(self, scan: Scan, letters: list[DeadLetter]) -> bool:
        self.tally.refused += len(letters) - self._delete(scan, letters)
        return True
