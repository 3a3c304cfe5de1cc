"""The dead letters of a queue, each once. SQS has no other way to look at messages than to receive them.

What is received is hidden from everybody else meanwhile, and visible again as soon as the scan ends, however it ends.
Being received costs a dead letter nothing: its queue gives up on none.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from ops.letter import Letter
from ops.stop import Stop
from records.limits import SEND_BATCH_ENTRIES_MAX

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
IN_FLIGHT_MAX = 120_000
"""Messages of one queue that may be received and not yet deleted or back, all receivers counted."""
RECEIVE_MESSAGES_MAX = 10
_HIDDEN_SECONDS_MAX = 43_200
"""SQS hides a message for 12 hours at most."""

WAIT_SECONDS = 1
"""A receive that waits asks all of SQS's servers; one that does not may find nothing where there is something."""
_HIDDEN_SECONDS_MIN = 60
_LETTERS_PER_SECOND = 20
"""A slow scan: receives of ten by a far and busy client."""
_RELEASES_AT_ONCE = 8


def hidden_seconds(letters: int) -> int:
    """How long a scan of so many letters may hide each: if its process is killed, they come back by themselves then."""
    return min(_HIDDEN_SECONDS_MIN + letters // _LETTERS_PER_SECOND, _HIDDEN_SECONDS_MAX)


class Scan:
    """One pass over the dead letters: `with Scan(…) as scan: for letters in scan: …`

    It ends where SQS finds nothing more, when `stop` is made, or when what was received first would come again.
    """

    def __init__(self, sqs: "SQSClient", url: str, seconds: int, stop: Stop, monotonic: Callable[[], float]) -> None:
        self.complete = False
        """Whether the scan came to the end of the queue: letters that others hold aside, it has seen all."""
        self.left_hidden = 0
        """How many letters SQS did not take back: they are visible again when their time is over."""
        self.seconds = seconds
        """For how long each letter is hidden at most."""
        self._sqs = sqs
        self._url = url
        self._stop = stop
        self._monotonic = monotonic
        self._until = monotonic() + seconds
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}
        """Receipt handles by message id."""
        self._deaf = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Lets everything that is held be seen again. Raises nothing that would hide what ended the scan."""
        handles = list(self._held.values())
        self._held.clear()
        if not handles:
            return
        some = [handles[at : at + SEND_BATCH_ENTRIES_MAX] for at in range(0, len(handles), SEND_BATCH_ENTRIES_MAX)]
        with ThreadPoolExecutor(min(len(some), _RELEASES_AT_ONCE)) as executor:
            self.left_hidden = sum(executor.map(self._release, some))

    def __iter__(self) -> Iterator[list[Letter]]:
        """Letters as they are received, up to 10 at a time. Raises botocore's errors."""
        while not self._stop.made and len(self._held) < IN_FLIGHT_MAX and self._monotonic() < self._until:
            letters = self._receive()
            if not letters:
                self.complete = True
                return
            new = [letter for letter in letters if letter.message_id not in self._seen]
            self._seen.update(letter.message_id for letter in new)
            # The latest handle is the one that counts. What was deleted may come once more: it is let go again.
            self._held.update({letter.message_id: letter.receipt_handle for letter in letters})
            if new:
                yield new

    def gone(self, letter: Letter) -> None:
        """The letter has been deleted: there is nothing to give back."""
        self._held.pop(letter.message_id, None)

    def _receive(self) -> list[Letter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=RECEIVE_MESSAGES_MAX,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=self.seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return [Letter.of(message) for message in answer.get("Messages", ())]

    def _release(self, handles: list[str]) -> int:
        """How many could not be."""
        if self._deaf:
            return len(handles)
        try:
            answer = self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0} for n, handle in enumerate(handles)
                ],
            )
        except BotoCoreError:
            self._deaf = True  # thousands of calls that are not answered would take hours
            return len(handles)
        except ClientError:
            return len(handles)
        return len(answer.get("Failed", ()))
