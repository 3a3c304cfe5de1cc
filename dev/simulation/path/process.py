"""An API process as under uvicorn: the real app on an event loop of its own. It can be terminated, and killed."""

from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message

from dev.simulation.clock import Killed, VirtualClock, VirtualTask
from dev.simulation.path.event_loop import SimulatedLoop
from dev.simulation.path.exchange import Exchange, HttpAnswer, scope_of


class ApiProcess:
    """One life of it, from its start to its end."""

    def __init__(
        self,
        name: str,
        clock: VirtualClock,
        loop: SimulatedLoop,
        app: ASGIApp,
        answered: Callable[["ApiProcess"], None],
    ) -> None:
        """`answered` is called when a request is over, with an answer or without."""
        self.name = name
        self.loop = loop
        self.exchanges: dict[Exchange, _ServerSide] = {}
        self._clock = clock
        self._app = app
        self._answered = answered
        self._takes_requests = True
        self._stopped = loop.create_future()
        self._task: VirtualTask = clock.start(self._run)
        self.ended: Callable[[], None] = lambda: None
        """Called once it has."""

    @property
    def takes_requests(self) -> bool:
        return self._takes_requests

    def take(self, exchange: Exchange) -> "_ServerSide":
        """The end of the connection to which the client sends its body. Nobody listens where the process has ended."""
        server_side = _ServerSide(exchange, self)
        if self.loop.is_closed():
            exchange.end(None)
            return server_side
        self.exchanges[exchange] = server_side
        self.loop.arrive(lambda: self.loop.create_task(self._serve(server_side)))
        return server_side

    def terminate(self) -> None:
        """SIGTERM: as uvicorn does, it answers the requests in flight, takes no others, and ends."""
        self._takes_requests = False
        self._stop_if_idle()

    def kill(self) -> None:
        """SIGKILL. Its connections are reset."""
        if not self.loop.is_closed():
            self._takes_requests = False
            self._clock.kill(self._task)

    async def _serve(self, server_side: "_ServerSide") -> None:
        exchange = server_side.exchange
        try:
            await self._app(scope_of(exchange.request), server_side.receive, server_side.send)
        finally:
            self.exchanges.pop(exchange, None)
            exchange.end(None if exchange.is_disconnected else server_side.answer)
            if not self.loop.is_closed():
                self._answered(self)
                self._stop_if_idle()

    def _stop_if_idle(self) -> None:
        if not self._takes_requests and not self.exchanges and not self._stopped.done():
            self._stopped.set_result(None)

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._stopped)
        except Killed:
            pass
        finally:
            self.loop.close()
            for exchange in list(self.exchanges):
                exchange.end(None)
            self.exchanges.clear()
            self.ended()


class _ServerSide:
    """What a server gives the app for one request."""

    def __init__(self, exchange: Exchange, process: ApiProcess) -> None:
        self.exchange = exchange
        self._process = process
        self._messages: deque[dict[str, Any]] = deque()
        self._waiting: Any = None
        self.answer: HttpAnswer | None = None
        self._status = 0
        self._headers: dict[str, str] = {}

    def feed(self, chunk: bytes, *, more: bool) -> None:
        """From the network."""
        if not more:
            self.exchange.arrived_at = self.exchange.clock.now
        self._arrive({"type": "http.request", "body": chunk, "more_body": more})

    def disconnect(self) -> None:
        self.exchange.is_disconnected = True
        self._arrive({"type": "http.disconnect"})

    def _arrive(self, message: dict[str, Any]) -> None:
        def arrive() -> None:
            self._messages.append(message)
            if self._waiting and not self._waiting.done():
                self._waiting.set_result(None)

        self._process.loop.arrive(arrive)

    async def receive(self) -> Message:
        while not self._messages:
            self._waiting = self._process.loop.create_future()
            await self._waiting
        return self._messages.popleft()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif not message.get("more_body"):
            self.answer = HttpAnswer(self._status, self._headers, message["body"])
