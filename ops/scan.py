"""Reads every dead letter of a queue once. In SQS, the only way to read messages is to receive them.

A received message is hidden from all others. When the scan ends, however it ends, it makes its messages visible again.
To receive a dead letter has no other effect on it: its queue has no maxReceiveCount. Only CloudWatch's age of the
oldest message leaves out what was received three times.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from ops.dead_letter import DeadLetter
from ops.stop import StopFlag
from records.limits import SEND_BATCH_ENTRIES_MAX

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
IN_FLIGHT_MAX = 120_000
"""Messages of one queue that may be in flight: received and neither deleted nor visible again, by all receivers."""
RECEIVE_MESSAGES_MAX = 10
_HIDDEN_SECONDS_MAX = 43_200
"""The longest visibility timeout of SQS: 12 hours."""

WAIT_SECONDS = 1
"""Long polling asks all of SQS's servers. A receive without it may return nothing although there are messages."""
_HIDDEN_SECONDS_MIN = 60
_LETTERS_PER_SECOND = 20
"""Of a slow scan, by a client with a long round trip that receives ten at a time."""
_RELEASES_AT_ONCE = 8


def hidden_seconds(letters: int) -> int:
    """The visibility timeout for a scan of so many letters. If its process is killed, they are visible again then."""
    return min(_HIDDEN_SECONDS_MIN + letters // _LETTERS_PER_SECOND, _HIDDEN_SECONDS_MAX)


class Scan:
    """One pass over the dead letters: `with Scan(…) as scan: for letters in scan: …`

    It ends when SQS returns nothing more, when `stop` is set, or when the first letters would become visible again.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        url: str,
        seconds: int,
        stop: StopFlag,
        monotonic: Callable[[], float],
        *,
        threads: Callable[[int], Executor] = ThreadPoolExecutor,
    ) -> None:
        self.complete = False
        """Whether the scan reached the end of the queue: it has seen all letters that others did not have in flight."""
        self.left_hidden = 0
        """How many letters could not be made visible again. SQS does it when their visibility timeout is over."""
        self.seconds = seconds
        """The visibility timeout of each letter."""
        self._sqs = sqs
        self._url = url
        self._stop = stop
        self._monotonic = monotonic
        self._threads = threads
        self._until = monotonic() + seconds
        self._seen: set[str] = set()
        self._handles: dict[str, str] = {}
        """Receipt handles of the letters that this scan has in flight, by message id."""
        self._unreachable = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Makes all letters visible again. Raises nothing, because that would replace the error that ended the scan."""
        handles = list(self._handles.values())
        self._handles.clear()
        if not handles:
            return
        batches = [handles[at : at + SEND_BATCH_ENTRIES_MAX] for at in range(0, len(handles), SEND_BATCH_ENTRIES_MAX)]
        with self._threads(min(len(batches), _RELEASES_AT_ONCE)) as executor:
            self.left_hidden = sum(executor.map(self._release, batches))

    def __iter__(self) -> Iterator[list[DeadLetter]]:
        """Letters as they are received, up to 10 at a time. Raises botocore's errors."""
        while not self._stop.is_set and len(self._handles) < IN_FLIGHT_MAX and self._monotonic() < self._until:
            letters = self._receive()
            if not letters:
                self.complete = True
                return
            new = [letter for letter in letters if letter.message_id not in self._seen]
            self._seen.update(letter.message_id for letter in new)
            # Only the latest handle of a message is valid. A deleted message may be delivered again, and is released.
            self._handles.update({letter.message_id: letter.receipt_handle for letter in letters})
            if new:
                yield new

    def forget(self, letter: DeadLetter) -> None:
        """For a letter that has been deleted: the scan will not try to make it visible again."""
        self._handles.pop(letter.message_id, None)

    def _receive(self) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=RECEIVE_MESSAGES_MAX,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=self.seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return [DeadLetter.of(message) for message in answer.get("Messages", ())]

    def _release(self, handles: list[str]) -> int:
        """Makes letters visible again. Returns how many could not be."""
        if self._unreachable:
            return len(handles)
        try:
            answer = self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0} for n, handle in enumerate(handles)
                ],
            )
        except BotoCoreError:
            self._unreachable = True  # thousands of calls that are not answered would take hours
            return len(handles)
        except ClientError:
            return len(handles)
        return len(answer.get("Failed", ()))
