"""A simulated event source mapping: receives batches, invokes the function, deletes what it did not fail.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dev.simulation.bill import INIT_SECONDS, SimulatedBill
from dev.simulation.clock import Killed, VirtualClock, VirtualTask
from dev.simulation.environments import FunctionEnvironment, FunctionEnvironments
from dev.simulation.faults import Crashed
from dev.simulation.message import SimulatedMessage
from dev.simulation.queue import RECEIVE_MAX, SimulatedQueue

INVOKE_SECONDS = 0.01
IDLE_POLLERS = 5
LONG_POLL_SECONDS = 20
BATCH_BYTES_MAX = 6 * 1024 * 1024
BATCH_MAX = 10_000
LINEAGE_MAX = 16
"""https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""
_THROTTLED_SECONDS = 1.0
"""Lambda tries again for a moment, and then leaves the messages to their visibility timeout:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
_POLLERS_A_MINUTE = 300
_DELETE_BATCH_MAX = 10


@dataclass(frozen=True, slots=True)
class SimulatedContext:
    clock: VirtualClock
    deadline: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - self.clock.now) * 1000)


@dataclass(slots=True)
class EventSource:
    """`workers` invocations at most at the same time, its MaximumConcurrency."""

    queue: SimulatedQueue
    environments: FunctionEnvironments
    workers: int
    batch_size: int
    timeout: float
    clock: VirtualClock
    deleted: Callable[[SimulatedMessage], None]
    bill: SimulatedBill
    begins: Callable[[], None] = lambda: None
    """Called when an invocation begins, in its task."""
    answered: Callable[[list[SimulatedMessage], set[str]], None] = lambda *_: None
    """Called with the batch of an invocation that has succeeded, and the ids of the messages that return."""
    is_throttled: Callable[[], bool] = lambda: False
    """Whether Lambda has no concurrency left for the function."""
    allows_loops: bool = True
    """The function's RecursiveLoop is Allow, not Terminate."""
    window_seconds: float = 0.0
    """How long a batch is gathered from its first receive on. 0: a batch is what one receive returned."""
    invocations: int = 0
    busy_seconds: float = 0.0
    """Of the handler alone."""
    crashes: int = 0
    timeouts: int = 0
    _lineages: dict[VirtualTask, int] = field(default_factory=dict)
    """Of the invocations under way."""
    _running: bool = field(default=True)
    _busy: int = 0
    """Pollers with a batch: gathering it, or waiting for its invocation to end."""
    _idle_since: float = 0.0

    def __post_init__(self) -> None:
        if self.batch_size > (BATCH_MAX if self.window_seconds >= 1 else RECEIVE_MAX):
            raise ValueError("a batch of more than 10 messages needs a window of at least 1 s, and 10,000 is the most")

    def start(self) -> None:
        """Further pollers than the first five are added as Lambda adds them."""
        self._idle_since = self.clock.now
        for poller in range(self.workers):
            later = max(0, poller - IDLE_POLLERS + 1) * 60 / _POLLERS_A_MINUTE
            self.clock.start(self._poll, after=later + poller * 0.001)

    def stop(self) -> None:
        self.bill_idle_pollers()
        self._running = False

    def bill_idle_pollers(self) -> None:
        """Bills the empty long polls until now: five pollers when idle, none at the maximum of invocations."""
        if self._running and self._busy < self.workers:
            idle = max(1, IDLE_POLLERS - self._busy)
            self.bill.idle_receives += idle * (self.clock.now - self._idle_since) / LONG_POLL_SECONDS
        self._idle_since = self.clock.now

    def _poll(self) -> None:
        left: list[SimulatedMessage] = []
        while self._running:
            batch, left = self._gather(left)
            self._invoke(batch)
            self._change_busy(-1)

    def _change_busy(self, by: int) -> None:
        self.bill_idle_pollers()
        self._busy += by

    def _gather(self, left: list[SimulatedMessage]) -> tuple[list[SimulatedMessage], list[SimulatedMessage]]:
        """A batch, and what was received and did not fit into it. It closes at its size, its window, or 6 MB."""
        messages = left
        while not messages:
            messages = self._receive(self.batch_size)
            if not messages:
                self.queue.wait()
        self._change_busy(+1)
        closes_at = self.clock.now + self.window_seconds
        batch, left, size = _fitting([], messages, 0)
        while len(batch) < self.batch_size and not left and self.clock.now < closes_at:
            messages = self._receive(self.batch_size - len(batch))
            if messages:
                batch, left, size = _fitting(batch, messages, size)
            else:
                self._long_poll(closes_at - self.clock.now)
        return batch, left

    def _receive(self, most: int) -> list[SimulatedMessage]:
        messages = self.queue.receive(min(most, RECEIVE_MAX))
        if messages:
            self.bill.add_request("ReceiveMessage", sum(message.size for message in messages))
        return messages

    def _long_poll(self, seconds: float) -> None:
        began = self.clock.now
        self.queue.wait(seconds)
        if self.clock.now - began >= seconds:
            for _ in range(math.ceil(seconds / LONG_POLL_SECONDS)):
                self.bill.add_request("EmptyReceive")

    def lineage(self) -> int:
        """Of a message that the calling invocation sends. SDKs hand the trace header on."""
        return self._lineages[self.clock.current] + 1

    def _invoke(self, messages: list[SimulatedMessage]) -> None:
        if self.is_throttled():
            self.clock.sleep(_THROTTLED_SECONDS)
            return
        if not self.allows_loops:
            messages = self._stop_loops(messages)
        if messages:
            self._lineages[self.clock.current] = max(message.lineage for message in messages)
            self._invoke_with(messages)

    def _stop_loops(self, messages: list[SimulatedMessage]) -> list[SimulatedMessage]:
        for message in messages:
            if message.lineage >= LINEAGE_MAX:
                self.queue.redrive(message)
        return [message for message in messages if message.lineage < LINEAGE_MAX]

    def _invoke_with(self, messages: list[SimulatedMessage]) -> None:
        environment, cold = self.environments.take(self.clock.now)
        self.clock.sleep(INVOKE_SECONDS + (INIT_SECONDS if cold else 0.0))
        event = {"Records": [_sqs_record(message) for message in messages]}
        began = self.clock.now
        self.invocations += 1
        self.begins()
        answer = self._answer(environment, event)
        self.busy_seconds += self.clock.now - began
        self.bill.add_invocation(self.clock.now - began, cold=cold)
        if answer is not None:
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            self.answered(messages, failed)
            self._delete(event, failed)

    def _answer(self, environment: FunctionEnvironment, event: dict[str, Any]) -> dict[str, Any] | None:
        """None when the function failed; its environment ends with a crash and with a timeout."""
        deadline = self.clock.now + self.timeout
        self.clock.kill_at(deadline)
        self.clock.run_on(environment.cpu)
        try:
            answer = environment.handler(event, SimulatedContext(self.clock, deadline))
        except Crashed:
            self.crashes += 1
            return None
        except Killed:
            self.timeouts += 1
            return None
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
            answer = None
        finally:
            self.clock.kill_at(None)
            self.clock.run_on(None)
        self.environments.put_back(environment)
        return answer

    def _delete(self, event: dict[str, Any], failed: set[str]) -> None:
        """In batches of ten. What the function reported as failed becomes visible when its visibility timeout ends."""
        done = [record["receiptHandle"] for record in event["Records"] if record["messageId"] not in failed]
        for _ in range(0, len(done), _DELETE_BATCH_MAX):
            self.bill.add_request("DeleteMessageBatch")
        for handle in done:
            if message := self.queue.delete(handle):
                self.deleted(message)


def _fitting(
    batch: list[SimulatedMessage], messages: list[SimulatedMessage], size: int
) -> tuple[list[SimulatedMessage], list[SimulatedMessage], int]:
    """The batch with what fits of the messages, the rest, and the batch's size in bytes."""
    for position, message in enumerate(messages):
        if batch and size + message.size > BATCH_BYTES_MAX:
            return batch, messages[position:], size
        batch.append(message)
        size += message.size
    return batch, [], size


def _sqs_record(message: SimulatedMessage) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(message.sent_ms),
            "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
        },
        "messageAttributes": {name: {"stringValue": text} for name, text in message.attributes.items()},
    }
