"""A client: it posts its records, waits as long as it likes, and repeats the request when it is not sure of it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from dev.simulation.clock import VirtualClock
from dev.simulation.path.exchange import Exchange, HttpAnswer
from dev.simulation.path.faults import PathChance
from dev.simulation.path.ledger import Ledger
from dev.simulation.path.requests import RecordsRequest
from dev.simulation.path.story import Story

_REFUSED_SECONDS_MAX = 1.0
"""A client that finds no server tries again within so long."""
_RETRY_AFTER_SECONDS_MAX = 60.0
"""A polite client waits no longer than that."""


class ServerSide(Protocol):
    def feed(self, chunk: bytes, *, more: bool) -> None: ...
    def disconnect(self) -> None: ...


class Server(Protocol):
    @property
    def name(self) -> str: ...
    def take(self, exchange: Exchange) -> ServerSide: ...


@dataclass(frozen=True, slots=True)
class Habits:
    timeout_seconds: float = 60.0
    attempts_max: int = 1
    is_polite: bool = True
    """It waits as long as `Retry-After` says; others try again at once."""
    pieces: int = 1
    """Of its body, which it sends one after the other."""
    seconds_per_piece: float = 0.0
    repeats_blindly: int = 0
    """How often it sends the same again although it was accepted."""


def drawn_habits(random: Random) -> Habits:
    slow = random.random() < 0.2  # noqa: PLR2004 - one of five
    return Habits(
        timeout_seconds=random.choice([0.05, 2.0, 15.0, 60.0, 60.0]),
        attempts_max=random.choice([1, 3, 10]),
        is_polite=random.random() < 0.7,  # noqa: PLR2004 - seven of ten
        pieces=random.choice([2, 5]) if slow else 1,
        seconds_per_piece=random.choice([0.1, 1.0, 9.0]) if slow else 0.0,
        repeats_blindly=random.choice([0] * 9 + [1]),
    )


@dataclass(frozen=True, slots=True)
class Client:
    """`servers` are those that take requests now: a load balancer chooses one of them."""

    name: str
    habits: Habits
    clock: VirtualClock
    chance: PathChance
    ledger: Ledger
    story: Story
    servers: Callable[[], list[Server]]

    def send(self, request: RecordsRequest) -> bool:
        """Whether it was answered with 202, or refused for good."""
        repeats = self.habits.repeats_blindly
        for _ in range(self.habits.attempts_max + repeats):
            answer = self._attempt(request)
            self.story.tell(self.name, lambda answer=answer: f"gets {_told(answer)}")  # type: ignore[misc] # a lambda's default
            if answer and (answer.status == 202 or answer.status in {400, 413, 422}):  # noqa: PLR2004 - accepted
                if not repeats:
                    return True
                repeats -= 1
            self._pause(answer)
        return False

    def _attempt(self, request: RecordsRequest) -> HttpAnswer | None:
        servers = self.servers()
        if not servers:
            return None
        server = self.chance.random.choice(servers)
        exchange = Exchange(self.clock, request.http(), server.name, self.clock.now)
        self.ledger.attempted(request)
        self.story.tell(self.name, lambda: f"posts {_shape(request)} to {server.name}")
        self.clock.sleep(self.chance.latency())
        began = self.clock.now
        if not self._send_body(server.take(exchange), exchange):
            return None
        left = self.habits.timeout_seconds - (self.clock.now - began)
        answer = exchange.wait(max(left, 0.0))
        if answer is None or self.chance.happens("client_answer_lost"):
            return None
        self.clock.sleep(self.chance.latency())
        self.ledger.answered(request, exchange, answer)
        return answer

    def _send_body(self, connection: ServerSide, exchange: Exchange) -> bool:
        """False when it went away before the end."""
        goes_away = self.chance.happens("client_disconnects")
        body, pieces = exchange.request.body, max(self.habits.pieces, 1 + goes_away)
        size = -(-len(body) // pieces)
        for piece in range(pieces):
            if piece:
                self.clock.sleep(self.habits.seconds_per_piece)
            if goes_away and piece == pieces - 1:
                connection.disconnect()
                return False
            chunk = body[piece * size : (piece + 1) * size]
            connection.feed(chunk, more=piece < pieces - 1)
        return True

    def _pause(self, answer: HttpAnswer | None) -> None:
        asked = float((answer.headers if answer else {}).get("retry-after", 0))
        if self.habits.is_polite and asked:
            self.clock.sleep(min(asked, _RETRY_AFTER_SECONDS_MAX))
        else:
            self.clock.sleep(self.chance.random.random() * _REFUSED_SECONDS_MAX)


def _shape(request: RecordsRequest) -> str:
    bad = sum(1 for record in request.records if record.reason)
    names = "idempotency key" if request.idempotency_key else "ids" if request.has_own_names else "neither id nor key"
    markers = f"{request.records[0].marker}" + (f"…{request.records[-1].marker}" if len(request.records) > 1 else "")
    return (
        f"{request.form} of {len(request.records)} ({markers}), {names}"
        + (f", {bad} bad" if bad else "")
        + (", lenient" if request.lenient else "")
    )


def _told(answer: HttpAnswer | None) -> str:
    if answer is None:
        return "no answer"
    retry = answer.headers.get("retry-after")
    code = "" if answer.status == 202 else f" {answer.document.get('code', '')}"  # noqa: PLR2004 - accepted
    return f"{answer.status}{code}" + (f", Retry-After {retry}" if retry else "")
