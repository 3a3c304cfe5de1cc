"""The queue's edge: messages into SQS, each confirmed or said not to be."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from api.outbound.sqs import SendFailed, Sqs
from api.problems import QueueBusy
from api.time_limit import TimeLimit
from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX
from records.message import VERSION_ATTRIBUTE, Message

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

log = logging.getLogger(__name__)

SEND_SECONDS_MAX = 10.0
"""How long one request's messages are tried for; then the client gets its answer, whatever SQS does."""
UNCONFIRMED_BYTES_MAX = 64 * 1024 * 1024
"""What all requests together may have on its way; more is refused at once, so that memory stays bounded."""
_MESSAGE_BYTES = 500
"""What a message takes in memory besides its text."""
_FLIGHTS_MAX = 8
"""Calls on their way at once, and so connections."""
_FLIGHTS_AT_ONCE = 2
"""Calls that may be on their way before a batch waits to be full."""
_BACKOFF_SECONDS_MIN = 0.05
_BACKOFF_SECONDS_MAX = 1.0
"""Pauses between two attempts."""


@dataclass(eq=False, slots=True)
class _Sending:
    """One request's messages on their way."""

    waiting: deque[Message]
    """Those that are in no call at present."""
    unconfirmed: dict[str, Message]
    """By version."""
    done: asyncio.Future[None]
    backoff: float = _BACKOFF_SECONDS_MIN

    def confirm(self, message: Message) -> None:
        self.unconfirmed.pop(message.version, None)
        if not self.unconfirmed:
            self.end()

    def end(self) -> None:
        """Its request is answered with what is confirmed by now."""
        if not self.done.done():
            self.done.set_result(None)


class RecordQueue:
    """Sends messages, and owns every retry: the client passed in makes one attempt a call.

    Requests that are in flight together share batches: group commit. A message goes out at once when fewer than two
    calls are on their way, and otherwise with the next full batch or the next call that ends. Batches take from each
    request in turn, so that a large one does not keep a small one waiting.

    A call that fails in any way may still have been carried out. Sending again is right all the same, because the
    consumer puts a version once, however often it is delivered.
    """

    def __init__(
        self,
        sqs: Sqs,
        url: str,
        seconds_max: float = SEND_SECONDS_MAX,
        trace: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`trace` gives the X-Ray trace header that the messages of now belong to."""
        self._sqs = sqs
        self._url = url
        self._trace = trace
        self._limit = TimeLimit(seconds_max)
        self._sendings: deque[_Sending] = deque()  # in turn; those with messages that wait
        self._waiting = 0
        self._unconfirmed_bytes = 0
        self._calls = count()
        self._flights: set[asyncio.Task[None]] = set()

    async def send(self, messages: Sequence[Message]) -> list[Message]:
        """Sends every message; returns those that SQS has not confirmed when the time is up.

        Raises `QueueBusy` at once, with nothing sent, when too much is on its way already.
        """
        if not messages:
            return []
        size = sum(message.size + _MESSAGE_BYTES for message in messages)
        if self._unconfirmed_bytes and self._unconfirmed_bytes + size > UNCONFIRMED_BYTES_MAX:
            raise QueueBusy
        unconfirmed = {message.version: message for message in messages}
        sending = _Sending(deque(messages), unconfirmed, asyncio.get_running_loop().create_future())
        self._unconfirmed_bytes += size
        self._wait(sending, len(messages))
        self._limit.start(sending, sending.end)
        try:
            await sending.done
            left = list(unconfirmed.values())
        finally:
            self._limit.stop(sending)
            self._forget(sending, size)
        if left:
            log.warning("send_timed_out", extra={"messages": len(messages), "unconfirmed": len(left)})
        return left

    def _forget(self, sending: _Sending, size: int) -> None:
        """Nothing of it may stay in memory, and none of it is sent again: its request is over."""
        self._unconfirmed_bytes -= size
        self._waiting -= len(sending.waiting)
        if sending.waiting:
            self._sendings.remove(sending)
        sending.waiting.clear()
        sending.unconfirmed.clear()
        sending.end()

    def _wait(self, sending: _Sending, messages: int) -> None:
        """The sending takes its turn with messages that have joined those of it that wait."""
        self._waiting += messages
        if messages == len(sending.waiting):
            self._sendings.append(sending)
        self._depart()

    def _depart(self) -> None:
        while self._waiting and len(self._flights) < _FLIGHTS_MAX:
            if len(self._flights) >= _FLIGHTS_AT_ONCE and self._waiting < SEND_BATCH_ENTRIES_MAX:
                return
            # In a context of its own: a flight belongs to no request, and its log lines must not name one.
            flight = asyncio.get_running_loop().create_task(self._fly(self._next_batch()), context=Context())
            self._flights.add(flight)
            flight.add_done_callback(self._arrive)

    def _arrive(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._depart()

    def _next_batch(self) -> list[tuple[_Sending, Message]]:
        """One message of each sending in turn, while they fit."""
        batch: list[tuple[_Sending, Message]] = []
        room = SEND_BATCH_BYTES_MAX
        while self._sendings and len(batch) < SEND_BATCH_ENTRIES_MAX:
            sending = self._sendings.popleft()
            if batch and sending.waiting[0].size > room:
                self._sendings.appendleft(sending)
                break
            message = sending.waiting.popleft()
            batch.append((sending, message))
            room -= message.size
            self._waiting -= 1
            if sending.waiting:
                self._sendings.append(sending)
        return batch

    async def _fly(self, batch: list[tuple[_Sending, Message]]) -> None:
        confirmed = await self._send_batch([message for _, message in batch])
        failed: dict[_Sending, list[Message]] = {}
        for index, (sending, message) in enumerate(batch):
            if index in confirmed:
                sending.confirm(message)
            else:
                failed.setdefault(sending, []).append(message)
        for sending, messages in failed.items():
            asyncio.get_running_loop().call_later(sending.backoff, self._send_again, sending, messages)
            sending.backoff = min(2 * sending.backoff, _BACKOFF_SECONDS_MAX)

    def _send_again(self, sending: _Sending, messages: list[Message]) -> None:
        if not sending.done.done():
            sending.waiting.extend(messages)
            self._wait(sending, len(messages))

    async def _send_batch(self, batch: list[Message]) -> set[int]:
        """The positions of the messages that SQS has confirmed."""
        trace = self._trace()
        # Names that no other call has: nothing but this call's own answer can confirm its messages.
        call = next(self._calls)
        names = [f"{call}-{index}" for index in range(len(batch))]
        entries = [_entry(name, message, trace) for name, message in zip(names, batch, strict=True)]
        try:
            answer = await self._sqs.send_message_batch(self._url, entries)
        except SendFailed as error:
            log.warning("send_failed", extra={"cause": str(error), "messages": len(batch)})
            return set()
        except Exception as error:  # noqa: BLE001 - whatever it was, the messages are to be sent again
            log.error("send_failed", extra={"cause": type(error).__name__, "messages": len(batch)})
            return set()
        for failed in answer.get("Failed") or ():
            log.warning("entry_refused", extra={"cause": failed.get("Code"), "sender_fault": failed.get("SenderFault")})
        # Reconciled against what was sent: an entry in neither half is not durable either.
        confirmed = {entry.get("Id") for entry in answer.get("Successful") or ()}
        return {index for index, name in enumerate(names) if name in confirmed}


def _entry(entry_id: str, message: Message, trace: str | None) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": entry_id,
        "MessageBody": message.body,
        "MessageAttributes": {VERSION_ATTRIBUTE: {"DataType": "String", "StringValue": message.version}},
    }
    if trace:
        # Not counted in the message's size:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
        entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    return entry
