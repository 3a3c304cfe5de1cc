"""A simulated queue, and the calls of an SQS client that the consumer makes."""

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from dev.simulation.clock import EPOCH_MS, VirtualClock
from dev.simulation.faults import Chance, error

CALL_SECONDS = 0.004
RETENTION_SECONDS = 14 * 86_400
_IN_FLIGHT_MAX = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""


@dataclass(slots=True)
class SimulatedMessage:
    message_id: str
    body: str
    attributes: dict[str, str]
    sent: float
    visible_at: float = 0.0
    receives: int = 0
    handle: str = ""
    gone: bool = False


@dataclass(slots=True)
class SimulatedQueue:
    """Every message that is somewhere in it; `gone` ones are skipped where they turn up."""

    visibility_timeout: float
    receives_max: int
    clock: VirtualClock
    chance: Chance
    messages: dict[str, SimulatedMessage] = field(default_factory=dict)
    redriven: list[SimulatedMessage] = field(default_factory=list)
    """What was received more often than allowed."""
    expired: list[SimulatedMessage] = field(default_factory=list)
    receives: int = 0
    _visible: "deque[SimulatedMessage]" = field(default_factory=deque)
    _hidden: list[tuple[float, int, SimulatedMessage]] = field(default_factory=list)
    _sent: int = 0
    _in_flight: int = 0

    def send(self, body: str, attributes: dict[str, str], delay: float = 0.0) -> SimulatedMessage:
        self._sent += 1
        message = SimulatedMessage(f"{self._sent:08x}-0000-4000-8000-000000000000", body, attributes, self.clock.now)
        self.messages[message.message_id] = message
        if delay:
            self._hide(message, delay)
        else:
            self._visible.append(message)
        return message

    def receive(self, most: int) -> list[SimulatedMessage]:
        """Up to `most` visible messages, in no order that may be relied on."""
        self._show_what_is_due()
        if self.chance.happens(self.chance.faults.reorder):
            self._visible.rotate(self.chance.random.randrange(1 + len(self._visible)))
        received: list[SimulatedMessage] = []
        while self._visible and len(received) < most:
            message = self._visible.popleft()
            if message.gone:
                continue
            if self.clock.now - message.sent >= RETENTION_SECONDS:
                self._drop(message, self.expired)
            elif message.receives >= self.receives_max:
                self._drop(message, self.redriven)
            else:
                received.append(self._deliver(message))
        return received

    def hide(self, handle: str, seconds: float) -> None:
        message = self._by_handle(handle)
        if message:
            self._hide(message, seconds)

    def delete(self, handle: str) -> SimulatedMessage | None:
        """The message, when it was there and this was its latest delivery or an earlier one."""
        message = self.messages.pop(handle.partition("#")[0], None)
        if message:
            message.gone = True
        return message

    def _deliver(self, message: SimulatedMessage) -> SimulatedMessage:
        message.receives += 1
        self.receives += 1
        message.handle = f"{message.message_id}#{message.receives}"
        if self.chance.happens(self.chance.faults.duplicate):
            self._visible.append(message)
        else:
            self._hide(message, self.visibility_timeout)
        return message

    def _by_handle(self, handle: str) -> SimulatedMessage | None:
        message = self.messages.get(handle.partition("#")[0])
        return message if message and message.handle == handle else None

    def _hide(self, message: SimulatedMessage, seconds: float) -> None:
        message.visible_at = self.clock.now + seconds
        self._sent += 1  # orders what is due at the same time
        heapq.heappush(self._hidden, (message.visible_at, self._sent, message))

    def _show_what_is_due(self) -> None:
        while self._hidden and self._hidden[0][0] <= self.clock.now:
            at, _, message = heapq.heappop(self._hidden)
            if not message.gone and message.visible_at == at:
                self._visible.append(message)

    def _drop(self, message: SimulatedMessage, into: list[SimulatedMessage]) -> None:
        self.delete(message.message_id)
        into.append(message)


class SqsClient:
    """The consumer's calls. Queue URLs are `records` and `dead-letters`."""

    def __init__(
        self, queue: SimulatedQueue, dead_letters: list[dict[str, Any]], chance: Chance, clock: VirtualClock
    ) -> None:
        self._queue = queue
        self._dead_letters = dead_letters
        self._chance = chance
        self._clock = clock

    def send_message(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as the client takes them
        attributes = {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}

        def send() -> None:
            if request["QueueUrl"] == "dead-letters":
                self._dead_letters.append({"body": request["MessageBody"], **attributes})
            else:
                self._queue.send(request["MessageBody"], attributes, request["DelaySeconds"])

        faults = self._chance.faults
        fails = faults.dead_letter_fails if request["QueueUrl"] == "dead-letters" else faults.queue_call_fails
        self._call("SendMessage", fails, send)
        return {}

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        entries = request["Entries"]
        if not 1 <= len(entries) <= 10 or any(not 0 <= each["VisibilityTimeout"] <= 43_200 for each in entries):  # noqa: PLR2004 - SQS's limits
            raise error("InvalidParameterValue", "ChangeMessageVisibilityBatch")

        def hide() -> None:
            for entry in entries:
                self._queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])

        self._call("ChangeMessageVisibilityBatch", self._chance.faults.queue_call_fails, hide)
        return {}

    def delete_message(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("DeleteMessage", self._chance.faults.queue_call_fails, lambda: self._delete(request))
        return {}

    def _delete(self, request: dict[str, Any]) -> None:
        self._queue.delete(request["ReceiptHandle"])

    def _call(self, operation: str, fails: float, apply: Any) -> None:  # noqa: ANN401 - any effect
        self._chance.maybe_crash()
        self._clock.sleep(CALL_SECONDS)
        self._chance.maybe_fail(fails, operation, apply)
        apply()
        self._chance.maybe_crash()


def sent_ms(message: SimulatedMessage) -> int:
    return EPOCH_MS + int(message.sent * 1000)
