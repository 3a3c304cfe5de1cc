"""A simulated queue, as SQS documents it: visibility, redrive, retention, and its counts of messages.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

import heapq
import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from dev.simulation.clock import VirtualClock, VirtualTask
from dev.simulation.faults import Chance
from dev.simulation.message import SimulatedMessage, State, message_bytes

RECEIVE_MAX = 10
RETENTION_SECONDS = 14 * 86_400
IN_FLIGHT_MAX = 120_000
"""Beyond it, receives return nothing, without an error."""
VISIBILITY_SECONDS_MAX = 43_200
"""From the receive, however often it is changed."""
_SAMPLE_SECONDS = 1.0


class QueueCounts(NamedTuple):
    visible: int
    in_flight: int
    delayed: int


@dataclass(slots=True)
class SimulatedQueue:
    """Every message that is somewhere in it; `gone` ones are skipped where they turn up."""

    visibility_timeout: float
    receives_max: int
    clock: VirtualClock
    chance: Chance
    counts_age_seconds_max: float = 60.0
    in_flight_max: int = IN_FLIGHT_MAX
    dead_letter_queue: "SimulatedQueue | None" = None
    on_send: Callable[[SimulatedMessage], None] = lambda _: None
    name: str = "0000"
    """Four hexadecimal digits, of its messages' ids."""
    messages: dict[str, SimulatedMessage] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    """How many of the messages carry each version."""
    redriven: list[SimulatedMessage] = field(default_factory=list)
    """What was received more often than allowed, or stopped by Lambda as a recursive loop."""
    expired: list[SimulatedMessage] = field(default_factory=list)
    receives: int = 0
    _visible: "deque[SimulatedMessage]" = field(default_factory=deque)
    _delivered: "deque[tuple[float, SimulatedMessage]]" = field(default_factory=deque)
    """Due in this order, since every delivery has the same timeout."""
    _hidden: list[tuple[float, int, SimulatedMessage]] = field(default_factory=list)
    _sent: int = 0
    _in_flight: int = 0
    _delayed: int = 0
    _waiters: dict[VirtualTask, None] = field(default_factory=dict)
    """Long polls, in order."""
    _called: bool = False
    """A long poll ends now, and has not received yet."""
    _timer_at: float = math.inf
    _samples: "deque[tuple[float, QueueCounts]]" = field(default_factory=deque)
    _sample_at: float = 0.0

    def send(self, body: str, attributes: dict[str, str], delay: float = 0.0, *, lineage: int = 0) -> SimulatedMessage:
        self._before_change()
        self._sent += 1
        message = SimulatedMessage(
            message_id=f"{self._sent:08x}-{self.name}-4000-8000-000000000000",
            body=body,
            attributes=attributes,
            sent=self.clock.now,
            size=message_bytes(body, attributes),
            lineage=lineage,
        )
        self._hold(message)
        if delay:
            self._enter(message, State.DELAYED)
            self._hide(message, delay)
        else:
            self._visible.append(message)
            self._end_a_long_poll()
        self.on_send(message)
        return message

    def take(self, message: SimulatedMessage) -> None:
        """A message that SQS moves here: its id and its age stay the same."""
        self._before_change()
        moved = SimulatedMessage(
            message.message_id, message.body, message.attributes, message.sent, message.size, moved=True
        )
        self._hold(moved)
        self._visible.append(moved)

    def _hold(self, message: SimulatedMessage) -> None:
        self.messages[message.message_id] = message
        if "version" in message.attributes:
            self.versions[message.attributes["version"]] += 1

    def receive(self, most: int, visibility: float | None = None) -> list[SimulatedMessage]:
        """Up to `most` visible messages, in no order that may be relied on; `visibility` replaces the queue's own."""
        self._before_change()
        self._show_what_is_due()
        chance, visible = self.chance, self._visible
        if chance.happens("reorder"):
            visible.rotate(chance.random.randrange(1 + len(visible)))
        if chance.faults.partial_receives:
            most = chance.random.randint(1, most)
            chance.note("partial_receives")
        received: list[SimulatedMessage] = []
        while visible and len(received) < most and self._in_flight < self.in_flight_max:
            message = visible.popleft()
            if message.gone:
                continue
            if self.clock.now - message.sent >= RETENTION_SECONDS:
                self._drop(message, self.expired)
            elif message.receives >= self.receives_max:
                self.redrive(message)
            else:
                received.append(self._deliver(message, visibility))
        self._end_a_long_poll()
        return received

    def wait(self, seconds: float = math.inf) -> None:
        """A long poll of the calling task: ends when a message may be visible, or when the time is up."""
        self._waiters[self.clock.current] = None
        self._set_timer()
        self._end_a_long_poll()
        self.clock.wait(seconds)
        if self.clock.current in self._waiters:
            del self._waiters[self.clock.current]
        else:
            self._called = False

    def hide(self, handle: str, seconds: float) -> str | None:
        """Changes the visibility of a delivery; SQS's error code when that is not possible."""
        self._before_change()
        self._show_what_is_due()
        message = self.messages.get(handle.partition("#")[0])
        if not message or message.handle != handle:
            return None
        if message.state is not State.IN_FLIGHT:
            return "MessageNotInflight"
        if self.clock.now + seconds - message.received_at > VISIBILITY_SECONDS_MAX:
            return "InvalidParameterValue"
        self._hide(message, seconds)
        return None

    def delete(self, handle: str) -> SimulatedMessage | None:
        """The message, when it was there and this was its latest delivery or an earlier one."""
        self._before_change()
        message = self.messages.pop(handle.partition("#")[0], None)
        if message:
            message.gone = True
            self._enter(message, State.VISIBLE)
            if "version" in message.attributes:
                self._forget(message.attributes["version"])
            self._end_a_long_poll()
        return message

    def redrive(self, message: SimulatedMessage) -> None:
        """To the dead-letter queue, as SQS and Lambda do on their own."""
        self._drop(message, self.redriven)
        if self.dead_letter_queue:
            self.dead_letter_queue.take(message)

    def counts(self) -> QueueCounts:
        """The messages now."""
        self._show_what_is_due()
        return QueueCounts(len(self.messages) - self._in_flight - self._delayed, self._in_flight, self._delayed)

    def counts_at(self, at: float) -> QueueCounts:
        """The messages at a time not longer ago than `counts_age_seconds_max`, to a second."""
        # A sample holds what was true before a change, since the change before it.
        return next((counts for sampled_at, counts in self._samples if sampled_at > at), self.counts())

    def _before_change(self) -> None:
        now = self.clock.now
        if now >= self._sample_at:
            self._samples.append((now, self.counts()))
            self._sample_at = now + _SAMPLE_SECONDS
            while self._samples[0][0] < now - self.counts_age_seconds_max:
                self._samples.popleft()

    def _deliver(self, message: SimulatedMessage, visibility: float | None) -> SimulatedMessage:
        now = self.clock.now
        if not message.receives:
            message.first_received_at = now
        message.receives += 1
        self.receives += 1
        message.handle = f"{message.message_id}#{message.receives}"
        message.received_at = now
        message.visible_at = now + self.visibility_timeout
        self._enter(message, State.IN_FLIGHT)
        if visibility is None:
            self._delivered.append((message.visible_at, message))
        else:
            self._hide(message, visibility)
        if self.chance.happens("duplicate"):
            self._visible.append(message)
        return message

    def _enter(self, message: SimulatedMessage, state: State) -> None:
        before = message.state
        if before is not state:
            self._in_flight += (state is State.IN_FLIGHT) - (before is State.IN_FLIGHT)
            self._delayed += (state is State.DELAYED) - (before is State.DELAYED)
            message.state = state

    def _hide(self, message: SimulatedMessage, seconds: float) -> None:
        message.visible_at = self.clock.now + seconds
        self._sent += 1  # orders what is due at the same time
        heapq.heappush(self._hidden, (message.visible_at, self._sent, message))
        if self._waiters and message.visible_at < self._timer_at:
            self._set_timer()

    def _show_what_is_due(self) -> None:
        now = self.clock.now
        while self._next_due() <= now:
            first = self._delivered and (not self._hidden or self._delivered[0][0] <= self._hidden[0][0])
            message = self._delivered.popleft()[-1] if first else heapq.heappop(self._hidden)[-1]
            self._enter(message, State.VISIBLE)
            self._visible.append(message)

    def _next_due(self) -> float:
        """When the next message becomes visible again; forgets what was deleted or hidden for another time."""
        delivered, hidden = self._delivered, self._hidden
        while delivered and not delivered[0][1].becomes_visible(delivered[0][0]):
            delivered.popleft()
        while hidden and not hidden[0][2].becomes_visible(hidden[0][0]):
            heapq.heappop(hidden)
        return min(delivered[0][0] if delivered else math.inf, hidden[0][0] if hidden else math.inf)

    def _set_timer(self) -> None:
        """Only while somebody waits: a busy queue needs none."""
        due = self._next_due()
        if due < self._timer_at:
            self._timer_at = due
            self.clock.start_at(self._ring, due)

    def _ring(self) -> None:
        if self.clock.now < self._timer_at:
            return  # an earlier one was set since
        self._timer_at = math.inf
        if self._waiters:
            self._show_what_is_due()
            self._end_a_long_poll()
            self._set_timer()

    def _end_a_long_poll(self) -> None:
        """One at a time: it leaves to the next ones what it does not receive."""
        if self._waiters and self._visible and not self._called and self._in_flight < self.in_flight_max:
            waiter = next(iter(self._waiters))
            del self._waiters[waiter]
            self._called = True
            self.clock.wake(waiter)

    def _forget(self, version: str) -> None:
        self.versions[version] -= 1
        if not self.versions[version]:
            del self.versions[version]

    def _drop(self, message: SimulatedMessage, into: list[SimulatedMessage]) -> None:
        self.delete(message.message_id)
        into.append(message)
