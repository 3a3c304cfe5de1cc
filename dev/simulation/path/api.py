"""The API of a world: processes behind a load balancer, or a function. Each is the real app on a simulated machine."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

from api.composition import ApiComponents, MemoryLimits, compose
from api.gateway import create_handler
from api.host import Host
from api.ingest.body import REQUEST_BYTES_MAX
from api.outbound.group_commit import CALLS_IN_FLIGHT_MAX
from api.settings import ApiSettings
from dev.simulation.clock import EPOCH_MS, VirtualClock
from dev.simulation.faults import error
from dev.simulation.path.apps import AppPool, PooledApp
from dev.simulation.path.client import Server
from dev.simulation.path.event_loop import SimulatedLoop
from dev.simulation.path.faults import PathChance
from dev.simulation.path.function import ApiEnvironment, ApiFunction
from dev.simulation.path.ledger import CLOCKS_DIFFER_SECONDS_MAX
from dev.simulation.path.network import SqsEndpoint
from dev.simulation.path.process import ApiProcess
from dev.simulation.path.story import Story
from dev.simulation.path.threads import SimulatedThreads
from dev.simulation.world import World
from records.key import KeySchema

_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}
_RESTART_SECONDS = 2.0
_LOOK_SECONDS_MIN = 10.0 - CLOCKS_DIFFER_SECONDS_MAX
"""A process with a limit of the backlog asks SQS for it no more often. (One that waits for a thread may be late.)"""
_CALLS_MAX = 2 * CALLS_IN_FLIGHT_MAX
"""Of one process at SQS, for both queues."""


@dataclass(frozen=True, slots=True)
class ApiSetting:
    processes: int = 2
    is_function: bool = False
    backlog_hours_max: float = 0.0
    memory: MemoryLimits = MemoryLimits()  # noqa: RUF009 - immutable
    thread_seconds_max: float = 0.01
    """How long a piece of work in a thread takes at most."""
    stands_still: bool = True
    """Whether an event loop's clock stands while its function is frozen; that is not documented."""
    clocks_differ: bool = True


class MachineClock:
    """Wall time of one machine: wrong by less than half of what any two may differ."""

    def __init__(self, clock: VirtualClock, chance: PathChance, *, differs: bool) -> None:
        self._clock = clock
        self._chance = chance
        self._differs = differs
        self._offset = 0.0
        self._set()

    def now(self) -> float:
        if self._chance.happens("clock_steps"):
            self._set()
        return EPOCH_MS / 1000 + self._clock.now + self._offset

    def _set(self) -> None:
        if self._differs:
            self._offset = CLOCKS_DIFFER_SECONDS_MAX * (self._chance.random.random() - 0.5)


class ReadsOfSqs:
    """GetQueueAttributes, as the API asks for it."""

    def __init__(self, world: World, chance: PathChance, attempts: int) -> None:
        self._world = world
        self._chance = chance
        self._attempts = attempts
        self._asked = 0
        self._began = world.clock.now

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 has it
        if self._attempts == 1 and not self._chance.faults.clock_steps:  # a clock that was set back says nothing
            self._asked += 1
            most = 1 + (self._world.clock.now - self._began) / _LOOK_SECONDS_MIN
            assert self._asked <= most, "SQS is asked too often for the backlog"
        for _ in range(self._attempts):
            self._world.clock.sleep(self._chance.latency())
            if not self._chance.happens("call_fails"):
                return self._world.sqs.attributes(**request)
        raise error("InternalFailure", "GetQueueAttributes")


class SimulatedApi:
    def __init__(
        self,
        world: World,
        endpoint: SqsEndpoint,
        chance: PathChance,
        setting: ApiSetting,
        *,
        apps: AppPool,
        story: Story,
    ) -> None:
        self._world = world
        self._endpoint = endpoint
        self._chance = chance
        self._setting = setting
        self._apps = apps
        self._story = story
        self._lives = 0
        self._pooled: list[PooledApp] = []
        self.processes: dict[int, ApiProcess] = {}
        self.function = ApiFunction("function", world.clock, chance, self._cold_start, self._check_environment)
        self._composed: dict[SimulatedLoop, ApiComponents] = {}
        if not setting.is_function:
            for number in range(setting.processes):
                self._start(number)
            self._disturb()

    def servers(self) -> list[Server]:
        """Those that take requests now."""
        if self._setting.is_function:
            return [self.function]
        return [process for process in self.processes.values() if process.takes_requests]

    def components(self, process: ApiProcess) -> ApiComponents:
        return self._composed[process.loop]

    def close(self) -> None:
        """At the world's end. Nothing may be left in memory where no request is."""
        for process in self.processes.values():
            self._check(process.loop, is_idle=not process.exchanges)

    def abandon(self) -> None:
        """However the world ended: nothing of it runs any more."""
        for loop in self._composed:
            if not loop.is_closed():
                loop.close()
        for pooled in self._pooled:
            self._apps.put_back(pooled)
        self._pooled.clear()

    def _disturb(self) -> None:
        for what, when in (("killed", self._chance.faults.killed), ("terminated", self._chance.faults.terminated)):
            for at, number in when:
                self._world.clock.start(lambda what=what, number=number: self._stop(what, number), after=at)  # type: ignore[misc] # a lambda's defaults

    def _stop(self, what: str, number: int) -> None:
        process = self.processes.get(number % self._setting.processes)
        if process and process.takes_requests and not self._chance.is_calm:
            self._story.tell(process.name, lambda: f"{what}, with {len(process.exchanges)} requests in flight")
            self._chance.note(what)
            process.kill() if what == "killed" else process.terminate()

    def _start(self, number: int) -> None:
        loop, app = self._machine()
        process = ApiProcess(f"api-{number}.{self._lives}", self._world.clock, loop, app.app, self._answered)
        self.processes[number] = process

        def ended() -> None:
            self._story.tell(process.name, lambda: "has ended")
            del self.processes[number]
            self._world.clock.start(lambda: self._start(number), after=_RESTART_SECONDS)

        process.ended = ended

    def _cold_start(self) -> ApiEnvironment:
        loop, pooled = self._machine(is_function=True)
        asyncio.set_event_loop(loop)  # where Mangum looks for it
        environment = ApiEnvironment(f"lambda-{self._lives}", loop, create_handler(pooled.app, lambda: None))
        self._story.tell(environment.name, lambda: "starts")
        return environment

    def _machine(self, *, is_function: bool = False) -> tuple[SimulatedLoop, PooledApp]:
        """A new process, with clocks, threads and a network of its own."""
        self._lives += 1
        clock, chance, setting = self._world.clock, self._chance, self._setting
        stands_still = is_function and setting.stands_still
        # What asyncio's own abstract loop leaves out, nothing asks for.
        loop = SimulatedLoop(clock, self._endpoint.connect, stands_still=stands_still)  # type: ignore[abstract]
        host = Host(
            now=MachineClock(clock, chance, differs=setting.clocks_differ).now,
            monotonic_ns=lambda: int(loop.time() * 1e9),
            random=chance.random.random,
            random_bits=chance.random.getrandbits,
            threads=lambda number, _: SimulatedThreads(
                clock, number, lambda: chance.random.random() * setting.thread_seconds_max
            ),
            has_unread_bytes=lambda transport: transport.has_unread_bytes(),
            sqs=lambda attempts: cast("Any", ReadsOfSqs(self._world, chance, attempts)),
            dynamodb=lambda: cast("Any", self._world.dynamodb),
        )
        components = compose(
            ApiSettings(
                record_queue_url="records",
                record_dead_letter_queue_url="dead-letters",
                record_table_name="records",
                record_table_key=KeySchema(),
                aws_region="us-east-1",
                sqs_origin="http://sqs",
                ca_bundle=None,
                backlog_hours_max=setting.backlog_hours_max,
            ),
            _ENVIRONMENT | ({"_X_AMZN_TRACE_ID": "Root=1-simulated"} if is_function else {}),
            is_frozen_between_requests=is_function,
            host=host,
            memory=setting.memory,
        )
        self._composed[loop] = components
        pooled = self._apps.take(components, host)
        self._pooled.append(pooled)
        return loop, pooled

    def _answered(self, process: ApiProcess) -> None:
        self._check(process.loop, is_idle=not process.exchanges)

    def _check_environment(self, environment: ApiEnvironment) -> None:
        self._check(environment.loop, is_idle=True)

    def _check(self, loop: SimulatedLoop, *, is_idle: bool) -> None:
        """Memory is bounded, and nothing of it is held for a request that is over."""
        assert not loop.errors, f"an error that nobody handled: {loop.errors[0]}"
        assert self._endpoint.calls_max <= _CALLS_MAX, f"{self._endpoint.calls_max} calls of SQS at once"
        ingest, memory = self._composed[loop].accept_records.dependencies, self._setting.memory
        held = ingest.bodies.used, ingest.queue.budget.used, ingest.dead_letter_queue.budget.used
        most = memory.bodies, memory.messages, memory.letters
        for used, limit in zip(held, most, strict=True):
            assert not (is_idle and used), f"{used} bytes are held, and no request is there"
            assert 0 <= used <= max(limit, 4 * REQUEST_BYTES_MAX), f"{used} bytes are held; the limit is {limit}"
