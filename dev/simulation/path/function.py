"""The API on Lambda: the real handler, in environments that take one request at a time and are frozen in between."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from api.gateway import Handler
from dev.simulation.clock import Killed, VirtualClock
from dev.simulation.path.event_loop import SimulatedLoop
from dev.simulation.path.exchange import Exchange, HttpAnswer, answer_of, event_of
from dev.simulation.path.faults import PathChance

TIMEOUT_SECONDS = 20.0
"""As template.yaml has it; a test holds that."""
_CONCURRENCY_MAX = 20
_COLD_START_SECONDS = 1.0
_FAILED = b'{"message":"Internal Server Error"}'
"""What API Gateway answers where the function failed: docs/errors.md."""


@dataclass(slots=True, eq=False)
class ApiEnvironment:
    name: str
    loop: SimulatedLoop
    handler: Handler


@dataclass(slots=True)
class ApiFunction:
    """Behind API Gateway, which waits for the whole body. `ended` is called with an environment that is no more."""

    name: str
    clock: VirtualClock
    chance: PathChance
    cold_start: Callable[[], ApiEnvironment]
    answered: Callable[[ApiEnvironment], None]
    takes_requests: bool = True
    _free: list[ApiEnvironment] = field(default_factory=list)
    _busy: dict[ApiEnvironment, None] = field(default_factory=dict)

    def take(self, exchange: Exchange) -> "_Gateway":
        return _Gateway(self, exchange)

    def invoke(self, exchange: Exchange) -> None:
        """In a task of its own."""
        if len(self._busy) >= _CONCURRENCY_MAX:
            exchange.end(HttpAnswer(429, {}, b'{"message":"Too Many Requests"}'))
            return
        environment = self._take()
        exchange.by = environment.name
        self._busy[environment] = None
        try:
            answer = self._answer(environment, exchange)
        finally:
            del self._busy[environment]
        exchange.end(answer)

    def _take(self) -> ApiEnvironment:
        while self._free:
            environment = self._free.pop(self.chance.random.randrange(len(self._free)))
            if not self.chance.happens("recycled"):
                return environment
            environment.loop.close()
        self.clock.sleep(_COLD_START_SECONDS)
        return self.cold_start()

    def _answer(self, environment: ApiEnvironment, exchange: Exchange) -> HttpAnswer:
        random = self.chance.random
        stops = self.chance.happens("function_stops")
        self.clock.kill_at(self.clock.now + (random.random() * 0.1 if stops else TIMEOUT_SECONDS))
        asyncio.set_event_loop(environment.loop)  # where Mangum looks for it
        try:
            answer = answer_of(environment.handler(event_of(exchange.request), None))
        except Killed:
            environment.loop.close()
            return HttpAnswer(500, {}, _FAILED)
        finally:
            self.clock.kill_at(None)
        self.answered(environment)
        self._free.append(environment)
        return answer


@dataclass(slots=True)
class _Gateway:
    """The end of the connection to which the client sends its body."""

    function: ApiFunction
    exchange: Exchange

    def feed(self, _chunk: bytes, *, more: bool) -> None:
        if not more and not self.exchange.is_disconnected:
            self.exchange.arrived_at = self.exchange.clock.now
            self.function.clock.start(lambda: self.function.invoke(self.exchange))

    def disconnect(self) -> None:
        self.exchange.is_disconnected = True
