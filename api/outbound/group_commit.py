"""Group commit: messages into SQS in batches that requests share, each message confirmed or reported unconfirmed."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from itertools import count
from sys import getsizeof
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from api.memory_budget import BudgetExceeded, MemoryBudget, Share
from api.outbound.sqs import BatchSender, SendFailed
from api.problems import QueueBusy
from api.time_limit import TimeLimit
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

log = logging.getLogger(__name__)

SEND_SECONDS_MAX = 10.0
"""How long one request's messages are tried for; then the client gets its answer, whatever SQS does."""
UNCONFIRMED_BYTES_MAX = 64 * 1024 * 1024
"""Memory of all messages that are not confirmed yet. More is refused at once."""
UNCONFIRMED_LETTERS_BYTES_MAX = 16 * 1024 * 1024
"""The same for the dead-letter queue. A request's own messages are held alone, however large, if nothing else is."""
MESSAGE_OVERHEAD_BYTES = 400
ATTRIBUTE_BYTES = 100
"""What a message, and each of its attributes, take in memory besides the message's text."""
CALLS_IN_FLIGHT_MAX = 8
"""Calls of SQS in flight at once, and so connections."""
PARTIAL_BATCH_CALLS_MAX = 2
"""With fewer calls in flight than that, a batch is sent even if it is not full."""
BACKOFF_SECONDS_MIN = 0.05
BACKOFF_SECONDS_MAX = 1.0
"""Pauses before a message is retried: doubled from the one to the other, for each request."""


class Sendable(Protocol):
    """What a message is for this module: `records.message.Message`, or `records.dead_letter.DeadLetterMessage`."""

    @property
    def body(self) -> str: ...
    @property
    def version(self) -> str:
        """Of its own: no other message that is on its way has the same."""

    @property
    def attributes(self) -> Mapping[str, str]: ...
    @property
    def size(self) -> int:
        """In bytes, as SQS counts them."""


_Message = TypeVar("_Message", bound=Sendable)


@dataclass(eq=False, slots=True)
class _PendingRequest:
    """One request's messages, until all are confirmed or its time is up."""

    queued: deque[Sendable]
    """Those that are in no call at present."""
    unconfirmed: set[str]
    """The versions of those that SQS has not confirmed."""
    done: asyncio.Future[None]
    backoff: float = BACKOFF_SECONDS_MIN

    def confirm(self, message: Sendable) -> None:
        self.unconfirmed.discard(message.version)
        if not self.unconfirmed:
            self.end()

    def end(self) -> None:
        """The request is answered with what is confirmed by now."""
        if not self.done.done():
            self.done.set_result(None)


_Batch: TypeAlias = list[tuple[_PendingRequest, Sendable]]


class QueueSender:
    """Sends messages, and owns every retry: the `BatchSender` passed in makes one attempt a call.

    Requests that are in flight together share batches: group commit. A message is sent at once when fewer than two
    calls are in flight, and otherwise with the next full batch or when the next call ends. Batches take from each
    request in turn, so that a large one does not keep a small one waiting.

    A call that fails in any way may still have been carried out. To send its messages once more is right all the same,
    because the consumer puts a version once, however often it is delivered.
    """

    def __init__(
        self,
        sender: BatchSender,
        url: str,
        budget: MemoryBudget,
        seconds_max: float = SEND_SECONDS_MAX,
        trace: Callable[[], str | None] = lambda: None,
    ) -> None:
        """The budget is for messages that are not confirmed yet. `trace` returns the X-Ray trace header that the
        messages of now belong to.
        """
        self._sender = sender
        self._url = url
        self._trace = trace
        self._limit = TimeLimit(seconds_max)
        self._requests: deque[_PendingRequest] = deque()  # in turn; those with queued messages
        self._queued = 0  # messages of all of them
        self.budget = budget
        self._sending = 0  # requests
        self._failing_since: float | None = None
        self._call_numbers = count()
        self._calls: set[asyncio.Task[set[int]]] = set()  # in flight

    async def send(self, messages: Sequence[_Message]) -> list[_Message]:
        """Sends every message; returns those that SQS has not confirmed when the time is up.

        Raises `QueueBusy` at once, with nothing sent, when too much is unconfirmed already.
        """
        with self.hold(messages):
            return await self.deliver(messages)

    def hold(self, messages: Sequence[Sendable]) -> Share:
        """Memory for messages that are to be delivered within its `with` block. Raises `QueueBusy`."""
        share = Share(self.budget)
        try:
            share.add(sum(map(_memory_bytes, messages)))
        except BudgetExceeded as error:
            raise QueueBusy(error.held_seconds) from None
        return share

    async def deliver(self, messages: Sequence[_Message]) -> list[_Message]:
        """As `send`, for messages that are held."""
        if not messages:
            return []
        if not self._sending:
            self._failing_since = None  # nothing was asked for since, so nothing is known
        unconfirmed = {message.version for message in messages}
        request = _PendingRequest(deque(), unconfirmed, asyncio.get_running_loop().create_future())
        self._sending += 1
        try:
            self._limit.start(request, request.end)
            self._enqueue(request, messages)
            await request.done
            left = [message for message in messages if message.version in unconfirmed]
        finally:
            self._sending -= 1
            self._limit.stop(request)
            self._forget(request)
        if left:
            log.warning("send_timed_out", extra={"messages": len(messages), "unconfirmed": len(left)})
        return left

    def failing_seconds(self) -> float:
        """For how long SQS has confirmed nothing, while requests waited for it."""
        return 0.0 if self._failing_since is None else asyncio.get_running_loop().time() - self._failing_since

    def _forget(self, request: _PendingRequest) -> None:
        """Nothing of it may stay in memory, and none of it is sent any more."""
        self._queued -= len(request.queued)
        if request.queued:
            self._requests.remove(request)
        request.queued.clear()
        request.unconfirmed.clear()
        request.end()

    def _enqueue(self, request: _PendingRequest, messages: Sequence[Sendable]) -> None:
        if not request.queued:
            self._requests.append(request)
        request.queued.extend(messages)
        self._queued += len(messages)
        self._dispatch()

    def _dispatch(self) -> None:
        """Starts the calls that may start now."""
        while self._queued and len(self._calls) < CALLS_IN_FLIGHT_MAX:
            if len(self._calls) >= PARTIAL_BATCH_CALLS_MAX and self._queued < SEND_BATCH_ENTRIES_MAX:
                return
            batch = self._next_batch()
            messages = [message for _, message in batch]
            # In a context of its own: a call belongs to no request, and its log lines must not name one.
            call = asyncio.get_running_loop().create_task(self._send_batch(messages), context=Context())
            self._calls.add(call)
            call.add_done_callback(partial(self._call_done, batch))

    def _next_batch(self) -> _Batch:
        """One message of each request in turn, while they fit."""
        batch: _Batch = []
        bytes_left = SEND_BATCH_BYTES_MAX
        while self._requests and len(batch) < SEND_BATCH_ENTRIES_MAX:
            request = self._requests.popleft()
            if batch and request.queued[0].size > bytes_left:
                self._requests.appendleft(request)
                break
            message = request.queued.popleft()
            batch.append((request, message))
            bytes_left -= message.size
            self._queued -= 1
            if request.queued:
                self._requests.append(request)
        return batch

    def _call_done(self, batch: _Batch, call: asyncio.Task[set[int]]) -> None:
        """However the call ended, cancelled before it began included: what it did not confirm is retried."""
        self._calls.discard(call)
        confirmed = set() if call.cancelled() or call.exception() else call.result()
        if confirmed:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = asyncio.get_running_loop().time()
        failed: dict[_PendingRequest, list[Sendable]] = {}
        for index, (request, message) in enumerate(batch):
            if index in confirmed:
                request.confirm(message)
            elif not request.done.done():
                failed.setdefault(request, []).append(message)
        for request, messages in failed.items():
            asyncio.get_running_loop().call_later(request.backoff, self._retry, request, messages)
            request.backoff = min(2 * request.backoff, BACKOFF_SECONDS_MAX)
        self._dispatch()

    def _retry(self, request: _PendingRequest, messages: list[Sendable]) -> None:
        if not request.done.done():
            self._enqueue(request, messages)

    async def _send_batch(self, batch: list[Sendable]) -> set[int]:
        """The positions of the messages that SQS has confirmed."""
        try:
            return await self._call(batch)
        except SendFailed as error:
            log.warning("send_failed", extra={"cause": str(error), "messages": len(batch)})
        except Exception as error:  # noqa: BLE001 - whatever it was, the messages are retried
            log.error("send_failed", extra={"cause": type(error).__name__, "messages": len(batch)})
        return set()

    async def _call(self, batch: list[Sendable]) -> set[int]:
        trace = self._trace()
        # Ids that no other call has: nothing but this call's own result can confirm its messages.
        call = next(self._call_numbers)
        ids = [f"{call}-{index}" for index in range(len(batch))]
        entries = [_entry(entry_id, message, trace) for entry_id, message in zip(ids, batch, strict=True)]
        result = await self._sender.send_message_batch(self._url, entries)
        for failed in result.get("Failed") or ():
            log.warning("entry_refused", extra={"cause": failed["Code"], "sender_fault": failed["SenderFault"]})
        # Held against what was sent: an entry in neither list is not durable either.
        confirmed = {entry["Id"] for entry in result.get("Successful") or ()}
        return {index for index, entry_id in enumerate(ids) if entry_id in confirmed}


def _memory_bytes(message: Sendable) -> int:
    # In memory, a single emoji makes every character of a text take four bytes.
    return getsizeof(message.body) + MESSAGE_OVERHEAD_BYTES + ATTRIBUTE_BYTES * len(message.attributes)


def _entry(entry_id: str, message: Sendable, trace: str | None) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": entry_id,
        "MessageBody": message.body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": text} for name, text in message.attributes.items()
        },
    }
    if trace:
        # Not counted in the message's size:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    return entry
