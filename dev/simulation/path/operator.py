"""The operator's commands in virtual time: the code of `ops`, with a client of the simulated queues."""

from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from dev.simulation.clock import Killed, VirtualClock
from dev.simulation.faults import error as error_of
from dev.simulation.message import SimulatedMessage
from dev.simulation.path.faults import PathChance
from dev.simulation.path.ledger import Ledger
from dev.simulation.path.story import Story
from dev.simulation.path.threads import SimulatedThreads
from dev.simulation.queue import SimulatedQueue
from dev.simulation.world import World
from ops.dead_letter_queue import DeadLetterQueue, Selection
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import Drop, SendBack
from ops.stop import StopFlag

_CALL_SECONDS = 0.05
_GIVEN_UP_BY_SQS = "received_too_often"


class OperatorsSqs:
    """The calls of an SQS client that the commands make."""

    def __init__(self, world: World, chance: PathChance, deleted: Callable[[str], None]) -> None:
        self._world = world
        self._chance = chance
        self._deleted = deleted

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 has it
        self._call("GetQueueAttributes")
        counts = self._queue(request).counts()
        names = ("", "NotVisible", "Delayed")
        numbers = (counts.visible, counts.in_flight, counts.delayed)
        return {
            "Attributes": {
                f"ApproximateNumberOfMessages{name}": str(number) for name, number in zip(names, numbers, strict=True)
            }
        }

    def receive_message(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("ReceiveMessage")
        received = self._queue(request).receive(request["MaxNumberOfMessages"], request["VisibilityTimeout"])
        return {"Messages": [_received(message) for message in received]}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("SendMessageBatch")
        queue, entries = self._queue(request), request["Entries"]
        for entry in entries:
            attributes = {name: value["StringValue"] for name, value in entry["MessageAttributes"].items()}
            queue.send(entry["MessageBody"], attributes)
        return self._confirmed(entries)

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("DeleteMessageBatch")
        for entry in request["Entries"]:
            if message := self._queue(request).delete(entry["ReceiptHandle"]):
                self._deleted(message.body)
        return self._confirmed(request["Entries"])

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._call("ChangeMessageVisibilityBatch")
        for entry in request["Entries"]:
            self._queue(request).hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])
        return self._confirmed(request["Entries"])

    def _queue(self, request: dict[str, Any]) -> SimulatedQueue:
        return self._world.queue if request["QueueUrl"] == "records" else self._world.dead_letter_queue

    def _call(self, operation: str) -> None:
        self._world.clock.sleep(_CALL_SECONDS)
        if self._chance.happens("call_fails"):
            raise error_of("ServiceUnavailable", operation)

    def _confirmed(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Some of them only: whether the others were carried out, the answer does not say."""
        return {"Successful": [{"Id": each["Id"]} for each in entries if not self._chance.happens("entry_fails")]}


class VirtualStop(StopFlag):
    """Ctrl-C, in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return self.is_set


class Operator:
    def __init__(self, world: World, chance: PathChance, ledger: Ledger, story: Story) -> None:
        self._world = world
        self._chance = chance
        self._ledger = ledger
        self._story = story

    def act(self, command: str, killed_after: float | None = None) -> None:
        """`send-back`, `drop` or `move`. A command may be killed; then its letters are visible again later."""
        self._story.tell("operator", lambda: command + (f", killed after {killed_after} s" if killed_after else ""))
        if killed_after is not None:
            self._world.clock.kill_at(self._world.clock.now + killed_after)
        try:
            {"send-back": self._send_back, "drop": self._drop, "move": self._move}[command]()
        except Killed:
            pass
        except (BotoCoreError, ClientError) as error:
            name = type(error).__name__  # the command prints it and ends
            self._story.tell("operator", lambda: f"{command} ended with {name}")

    def _send_back(self) -> None:
        queue = self._dead_letter_queue(lambda _: None)
        found = queue.read(Selection(frozenset({"put_refused", "key_invalid", "json_malformed"})), _quiet)
        rate_limit = RateLimit(5, queue.stop.wait, self._world.clock.monotonic)
        SendBack(queue, "records", found.message_ids, rate_limit).run(_quiet)

    def _drop(self) -> None:
        queue = self._dead_letter_queue(self._ledger.dropped)
        found = queue.read(Selection(frozenset({"put_refused", "record_not_an_object"})), _quiet)
        Drop(queue, found.message_ids).run(_quiet)

    def _move(self) -> None:
        """SQS's own StartMessageMoveTask moves all of them, with their attributes, as new messages.

        Of a message without a version that would be a newer one; the runbook says to send those back instead.
        """
        dead = self._world.dead_letter_queue
        for letter in list(dead.messages.values()):
            self._world.clock.sleep(0.01)
            if "version" in letter.attributes and not letter.moved and letter.message_id in dead.messages:
                self._world.queue.send(letter.body, letter.attributes)
                dead.delete(letter.message_id)

    def _dead_letter_queue(self, deleted: Callable[[str], None]) -> DeadLetterQueue:
        world = self._world
        sqs = cast("Any", OperatorsSqs(world, self._chance, deleted))

        def threads(number: int) -> SimulatedThreads:
            return SimulatedThreads(world.clock, number)

        return DeadLetterQueue(sqs, "dead-letters", VirtualStop(world.clock), world.clock.monotonic, threads)


def _quiet(_done: int, _about: int) -> None:
    """No progress is shown."""


def _received(message: SimulatedMessage) -> dict[str, Any]:
    moved = {"DeadLetterQueueSourceArn": "records"} if message.moved else {}
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "Attributes": {"SentTimestamp": str(message.sent_ms), **moved},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": text} for name, text in message.attributes.items()
        },
    }
