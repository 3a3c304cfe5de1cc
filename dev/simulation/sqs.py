"""The calls of an SQS client that the consumer makes, against the simulated queue."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from dev.simulation.bill import SimulatedBill
from dev.simulation.clock import VirtualClock, VirtualTask
from dev.simulation.faults import Chance, error
from dev.simulation.message import message_bytes
from dev.simulation.queue import VISIBILITY_SECONDS_MAX, SimulatedQueue

CALL_SECONDS = 0.004
_TIMEOUT_SECONDS = 2.0
"""As `consumer.clients` has it: how long a call waits for an answer that never comes."""
_CHANGE_BATCH_MAX = 10


class SqsClient:
    """Queue URLs are `records` and `dead-letters`.

    `lineage` is that of the messages that the caller sends. `counts_error`: how far GetQueueAttributes is off, as a
    share of each count.
    """

    def __init__(
        self,
        queue: SimulatedQueue,
        dead_letter_queue: SimulatedQueue,
        chance: Chance,
        clock: VirtualClock,
        *,
        bill: SimulatedBill,
        lineage: Callable[[], int],
        counts_error: float = 0.0,
    ) -> None:
        self._queue = queue
        self._dead_letter_queue = dead_letter_queue
        self._chance = chance
        self._clock = clock
        self._bill = bill
        self._lineage = lineage
        self._counts_error = counts_error
        self.copied: defaultdict[VirtualTask, list[str]] = defaultdict(list)
        """The versions of the messages that SQS has confirmed, by who sent them."""

    def send_message(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as the client takes them
        attributes = {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}

        def send() -> None:
            if request["QueueUrl"] == "dead-letters":
                self._dead_letter_queue.send(request["MessageBody"], attributes)
            else:
                lineage = self._lineage()
                self._queue.send(request["MessageBody"], attributes, request["DelaySeconds"], lineage=lineage)

        fails = "dead_letter_fails" if request["QueueUrl"] == "dead-letters" else "queue_call_fails"
        self._call("SendMessage", fails, send, message_bytes(request["MessageBody"], attributes))
        self.copied[self._clock.current].append(attributes.get("version", ""))
        return {}

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        entries = request["Entries"]
        if not 1 <= len(entries) <= _CHANGE_BATCH_MAX or any(
            not 0 <= each["VisibilityTimeout"] <= VISIBILITY_SECONDS_MAX for each in entries
        ):
            raise error("InvalidParameterValue", "ChangeMessageVisibilityBatch")
        failed: dict[str, str] = {}

        def hide() -> None:
            for entry in entries:
                if code := self._queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"]):
                    failed[entry["Id"]] = code

        self._call("ChangeMessageVisibilityBatch", "queue_call_fails", hide)
        return {"Failed": [{"Id": name, "Code": code, "SenderFault": True} for name, code in failed.items()]}

    def delete_message(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("DeleteMessage", "queue_call_fails", lambda: self._delete(request))
        return {}

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Counts are old, and off, as SQS's are.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
        """
        self._call("GetQueueAttributes", "queue_call_fails", lambda: None)
        return self.attributes(**request)

    def attributes(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """What GetQueueAttributes answers, without the call."""
        age = self._queue.counts_age_seconds_max * self._chance.random.random()
        queue = self._queue if request["QueueUrl"] == "records" else self._dead_letter_queue
        counts = queue.counts_at(self._clock.now - age)
        attributes = {
            "ApproximateNumberOfMessages": self._about(counts.visible),
            "ApproximateNumberOfMessagesNotVisible": self._about(counts.in_flight),
            "ApproximateNumberOfMessagesDelayed": self._about(counts.delayed),
        }
        names = request["AttributeNames"]
        return {"Attributes": {name: text for name, text in attributes.items() if name in names or "All" in names}}

    def _about(self, count: int) -> str:
        return str(round(count * (1 + self._counts_error * self._chance.random.uniform(-1, 1))))

    def _delete(self, request: dict[str, Any]) -> None:
        self._queue.delete(request["ReceiptHandle"])

    def _call(self, operation: str, fault: str, apply: Callable[[], None], size: int = 0) -> None:
        self._chance.maybe_crash()
        self._clock.sleep(CALL_SECONDS)
        self._bill.add_request(operation, size)
        if self._chance.happens("queue_call_slow"):
            self._clock.sleep(_TIMEOUT_SECONDS * self._chance.random.random())
        try:
            self._chance.maybe_fail(fault, operation, apply)
        except ReadTimeoutError:
            self._clock.sleep(_TIMEOUT_SECONDS)
            raise
        apply()
        self._chance.maybe_crash()
