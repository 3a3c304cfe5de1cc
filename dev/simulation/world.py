"""One simulated world: everything between the queue and the table, from one seed, and the promises it has to keep."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, cast

from consumer.backlog import Backlog
from consumer.clock import Clock
from consumer.dead_letters import DeadLetterSender
from consumer.deferral import Deferral
from consumer.drain import DrainDependencies
from consumer.handler import create_handler
from consumer.puts import PUTS_IN_FLIGHT_MAX, Puts
from consumer.queue import DeliveryQueue
from consumer.schedule import Schedule
from consumer.table import TableWriter
from dev.simulation.bill import SimulatedBill, cores
from dev.simulation.capacity import SimulatedCapacity
from dev.simulation.clock import VirtualClock
from dev.simulation.dynamodb import PUT_CPU_SECONDS, PUT_SECONDS, DynamoDbClient, SimulatedTable
from dev.simulation.environments import FunctionEnvironments, Handler
from dev.simulation.event_source import EventSource
from dev.simulation.faults import Chance, SimulatedFaults
from dev.simulation.message import SimulatedMessage
from dev.simulation.queue import IN_FLIGHT_MAX, SimulatedQueue
from dev.simulation.sqs import SqsClient
from ops.workload import MEMORY_MB
from records.json_text import write
from records.key import KeySchema
from records.version import Versions, version_of_bare_message

FUNCTION_SECONDS = 60.0
VISIBILITY_SECONDS = 90.0
RECEIVES_MAX = 1000
"""As template.yaml has them; a test holds that."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The world's size, and how AWS behaves in it."""

    units_per_second: float = 5.0
    burst_seconds: float = 0.0
    workers: int = 2
    batch_size: int = 100
    function_seconds: float = FUNCTION_SECONDS
    visibility_seconds: float = VISIBILITY_SECONDS
    receives_max: int = RECEIVES_MAX
    allows_loops: bool = True
    """The function's RecursiveLoop: Lambda does not stop it, however often a message is re-enqueued."""
    window_seconds: float = 1.0
    """The mapping's batching window."""
    fresh_share: float = 0.05
    """Invocations that get a new environment although a warm one is free."""
    memory_mb: int = MEMORY_MB
    """Of the function: it decides its share of a core."""
    put_seconds: float = PUT_SECONDS
    put_cpu_seconds: float = PUT_CPU_SECONDS
    """Of a whole core."""
    counts_age_seconds_max: float = 60.0
    """How old GetQueueAttributes' counts are at most."""
    in_flight_max: int = IN_FLIGHT_MAX
    counts_error: float = 0.05
    """How far each count is off at most, as a share."""
    verify_deletes: bool = True
    """False, for benchmarks only: nobody looks where a record is when its message is deleted."""


class World:
    """`environment`, where given, makes another function's handler: a baseline to compare with. `deleted` is called for
    each message that is done, in place of this module's own check.
    """

    def __init__(
        self,
        setting: Setting,
        faults: SimulatedFaults,
        seed: int,
        environment: Callable[["World"], Handler] | None = None,
        deleted: Callable[[SimulatedMessage], None] | None = None,
    ) -> None:
        logging.getLogger("consumer").setLevel(logging.CRITICAL)  # thousands of lines that nobody reads
        self.setting = setting
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.chance = Chance(faults, self.random)
        self.table = SimulatedTable()
        self.capacity = SimulatedCapacity(setting.units_per_second, setting.burst_seconds, self.clock.monotonic)
        self.capacity.charge(-setting.units_per_second * setting.burst_seconds)  # all of its credit is there
        unlimited = Chance(SimulatedFaults(), self.random)
        self.dead_letter_queue = SimulatedQueue(
            setting.visibility_seconds, sys.maxsize, self.clock, unlimited, setting.counts_age_seconds_max, name="dead"
        )
        self.queue = SimulatedQueue(
            setting.visibility_seconds,
            setting.receives_max,
            self.clock,
            self.chance,
            setting.counts_age_seconds_max,
            in_flight_max=setting.in_flight_max,
            dead_letter_queue=self.dead_letter_queue,
        )
        self.dynamodb = DynamoDbClient(
            self.table,
            self.capacity,
            self.chance,
            self.clock,
            put_seconds=setting.put_seconds,
            put_cpu_seconds=setting.put_cpu_seconds,
        )
        self._bill = SimulatedBill()
        self.sqs = SqsClient(
            self.queue,
            self.dead_letter_queue,
            self.chance,
            self.clock,
            bill=self._bill,
            lineage=lambda: self.event_source.lineage(),  # noqa: PLW0108 - it is made later
            counts_error=setting.counts_error,
        )
        self.accepted: dict[str, tuple[str, str]] = {}
        """By key: the newest version, and its body."""
        self.bad: dict[str, str] = {}
        """Bodies that can never be put, with the reason that each is dead-lettered with."""
        self.crashing: set[str] = set()
        """Bodies that the function does not survive."""
        self.event_source = self._make_event_source(environment or forebay, deleted or self._deleted)
        self._versions = Versions(self.clock.now_ms, self.random.getrandbits)
        self._change_capacity()

    def _make_event_source(
        self, environment: Callable[["World"], Handler], deleted: Callable[[SimulatedMessage], None]
    ) -> EventSource:
        setting = self.setting
        return EventSource(
            queue=self.queue,
            environments=FunctionEnvironments(
                cold_start=lambda: environment(self),
                cores=cores(setting.memory_mb),
                fresh_share=setting.fresh_share,
                random=self.random,
            ),
            workers=setting.workers,
            batch_size=setting.batch_size,
            timeout=setting.function_seconds,
            clock=self.clock,
            deleted=deleted,
            bill=self._bill,
            is_throttled=lambda: self.chance.holds("invocations_throttled", self.clock.now),
            allows_loops=setting.allows_loops,
            window_seconds=setting.window_seconds,
        )

    def _change_capacity(self) -> None:
        """At the times that the faults say."""
        for at, units in self.chance.faults.capacity:
            self.clock.start(partial(self._provision, units), after=at)
        for at, seconds in self.chance.faults.burst:
            self.clock.start(partial(self._keep, seconds), after=at)

    def _provision(self, units: float) -> None:
        self.chance.note("capacity")
        self.capacity.provision(units)

    def _keep(self, seconds: float) -> None:
        self.chance.note("burst")
        self.capacity.keep(seconds)

    @property
    def dead_letters(self) -> list[dict[str, Any]]:
        """Those that were sent, without what SQS moved: the body, and each attribute."""
        letters = self.dead_letter_queue.messages.values()
        return [{"body": letter.body, **letter.attributes} for letter in letters if not letter.moved]

    @property
    def bill(self) -> SimulatedBill:
        """Until now. `bill.dollars(setting.memory_mb)` is what was spent."""
        self.event_source.bill_idle_pollers()
        return self._bill

    def accept(self, key: str, content: str = "", *, bare: bool = False) -> None:
        """As the API sends a record, or (`bare`) as any producer puts one on the queue."""
        body = write({"id": key, "content": content})
        if bare:
            message = self.queue.send(body, {})
            version = version_of_bare_message(message.message_id, message.sent_ms)
        else:
            version = self._versions.next()
            self.queue.send(body, {"version": version})
        if key.startswith("refused"):
            self.bad[body] = "put_refused"
        elif key.startswith("crashes"):
            self.crashing.add(body)
        elif key not in self.accepted or version > self.accepted[key][0]:
            self.accepted[key] = version, body

    def poison(self, body: str, reason: str) -> None:
        self.bad[body] = reason
        self.queue.send(body, {})

    def drain(self, seconds_min: float, seconds_max: float) -> None:
        """Until nothing is left in the queue and nothing more arrives, or the time is up."""
        self.event_source.start()
        self.clock.start_at(lambda: None, seconds_min)  # an idle world has nothing else to do until then
        self.clock.run(until=lambda: not self.queue.messages and self.clock.now >= seconds_min, seconds_max=seconds_max)
        self.event_source.stop()

    def _deleted(self, message: SimulatedMessage) -> None:
        """The event source mapping deletes a message: its record has to be in a right place by then."""
        if not self.setting.verify_deletes:
            return
        if message.body in self.bad:
            # It may be re-enqueued before the table has been asked for it.
            there = self._is_dead_lettered(message.body) or _version_of(message) in self.queue.versions
            assert there, f"lost a bad message: {message.body[:40]}"
            return
        if message.body in self.crashing:
            return
        key, version = _key(message.body), _version_of(message)
        stored = self.table.items.get(key)
        assert (stored and stored["_forebay"]["M"]["version"]["S"] >= version) or version in self.queue.versions, (
            f"deleted before it was put: {message.body[:40]}"
        )

    def _is_dead_lettered(self, body: str) -> bool:
        redriven = any(message.body == body for message in self.queue.redriven)
        return redriven or any(letter["body"] == body for letter in self.dead_letters)

    def verify(self) -> None:
        """At the end: every record is in exactly one right place."""
        assert not self.queue.messages, f"{len(self.queue.messages)} messages left after {self.clock.now:,.0f} s"
        assert not self.queue.expired, "a message died of old age"
        assert self.event_source.timeouts == 0, "an invocation ran into its timeout"
        good_dead = [each for each in self.dead_letters if each["body"] not in self.bad]
        good_dead += [{"body": m.body} for m in self.queue.redriven if m.body not in {*self.bad, *self.crashing}]
        assert not good_dead, f"{len(good_dead)} good records were dead-lettered"
        for body, reason in self.bad.items():
            letters = [each["reason"] for each in self.dead_letters if each["body"] == body]
            assert self._is_dead_lettered(body), f"a bad message is nowhere: {body}"
            assert set(letters) <= {reason}, f"a wrong reason: {letters}"
        for body in self.crashing:
            assert self._is_dead_lettered(body), f"a message that crashes is nowhere: {body}"
        assert set(self.table.items) == set(self.accepted), "the table does not hold exactly the good records"
        for key, (version, body) in self.accepted.items():
            item = self.table.items[key]
            assert item["_forebay"]["M"]["version"]["S"] == version, f"an older version won: {body[:40]}"


def forebay(world: World) -> Handler:
    """A cold start of the real consumer."""
    clock = Clock(world.clock.now_ms, world.random.random)
    sqs = cast("Any", world.sqs)
    queue, table = DeliveryQueue(sqs, "records"), TableWriter(cast("Any", world.dynamodb), "records")
    setting = world.setting
    backlog = Backlog(queue, table, world.clock.monotonic, setting.workers, setting.in_flight_max)
    dependencies = DrainDependencies(
        puts=Puts(
            table, backlog, clock, partial(world.clock.map, at_once=PUTS_IN_FLIGHT_MAX), _count_nothing, _count_nothing
        ),
        deferral=Deferral(backlog, Schedule(clock.random), clock),
        queue=queue,
        dead_letters=DeadLetterSender(sqs, "dead-letters", clock.now_ms),
        key_schema=KeySchema(),
        clock=clock,
        count=_count_nothing,
    )
    return cast("Handler", create_handler(dependencies, lambda: None))


def _count_nothing(_name: str, _number: float) -> None:
    pass


def _key(body: str) -> str:
    return body.split('"', 4)[3]


def _version_of(message: SimulatedMessage) -> str:
    given = message.attributes.get("version")
    return given or version_of_bare_message(message.message_id, message.sent_ms)
