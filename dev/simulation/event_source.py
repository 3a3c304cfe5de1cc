"""A simulated event source mapping: receives batches, invokes the function, deletes what it did not fail.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dev.simulation.clock import Killed, VirtualClock
from dev.simulation.faults import Crashed
from dev.simulation.sqs import SimulatedMessage, SimulatedQueue, sent_ms

Handler = Callable[[dict[str, Any], Any], dict[str, list[dict[str, str]]]]

INVOKE_SECONDS = 0.01
_POLL_SECONDS = 1.0
_WORKERS_AT_FIRST = 5
_WORKERS_A_MINUTE = 300


@dataclass(frozen=True, slots=True)
class SimulatedContext:
    clock: VirtualClock
    deadline: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - self.clock.now) * 1000)


@dataclass(slots=True)
class EventSource:
    """`workers` invocations at most at the same time, each in a warm environment of its own until that crashes."""

    queue: SimulatedQueue
    environment: Callable[[], Handler]
    """A cold start."""
    workers: int
    batch_size: int
    timeout: float
    clock: VirtualClock
    deleted: Callable[[SimulatedMessage], None]
    invocations: int = 0
    busy_seconds: float = 0.0
    crashes: int = 0
    timeouts: int = 0
    _running: bool = field(default=True)

    def start(self) -> None:
        for worker in range(self.workers):
            later = max(0, worker - _WORKERS_AT_FIRST + 1) * 60 / _WORKERS_A_MINUTE
            self.clock.start(self._work, after=later + worker * 0.001)

    def stop(self) -> None:
        self._running = False

    def _work(self) -> None:
        handler = None
        while self._running:
            messages = self.queue.receive(self.batch_size)
            if not messages:
                self.clock.sleep(_POLL_SECONDS)
                continue
            self.clock.sleep(INVOKE_SECONDS)
            handler = self._invoke(handler or self.environment(), messages)

    def _invoke(self, handler: Handler, messages: list[SimulatedMessage]) -> Handler | None:
        """The handler, still warm; None when its environment is gone."""
        event = {"Records": [_sqs_record(message) for message in messages]}
        began = self.clock.now
        self.invocations += 1
        self.clock.kill_at(began + self.timeout)
        try:
            answer = handler(event, SimulatedContext(self.clock, began + self.timeout))
        except Crashed:
            self.crashes += 1
            return None
        except Killed:
            self.timeouts += 1
            return None
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
            return handler
        finally:
            self.clock.kill_at(None)
            self.busy_seconds += self.clock.now - began
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in event["Records"]:
            if record["messageId"] not in failed and (message := self.queue.delete(record["receiptHandle"])):
                self.deleted(message)
        return handler


def _sqs_record(message: SimulatedMessage) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.handle,
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives), "SentTimestamp": str(sent_ms(message))},
        "messageAttributes": {name: {"stringValue": text} for name, text in message.attributes.items()},
    }
