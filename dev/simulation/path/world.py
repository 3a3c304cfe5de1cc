"""One world of the whole path, from one seed: clients, API, queue, consumer, table, dead letters, and the operator."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from dev.simulation.faults import SimulatedFaults
from dev.simulation.path.api import ApiSetting, SimulatedApi
from dev.simulation.path.apps import AppPool
from dev.simulation.path.client import Client, Habits, Server
from dev.simulation.path.faults import PathChance, PathFaults
from dev.simulation.path.ledger import Ledger
from dev.simulation.path.network import SqsEndpoint
from dev.simulation.path.operator import Operator
from dev.simulation.path.reader import Reader
from dev.simulation.path.requests import RecordsRequest, SentRecord
from dev.simulation.path.story import Story
from dev.simulation.queue import IN_FLIGHT_MAX
from dev.simulation.world import Setting, World
from records.item import RESERVED_BYTES, write_units

_CALM_SECONDS = 60.0
"""After the last fault, at least, until the API is asked whether it accepts records as if nothing had been."""
_ACCEPTANCE_SECONDS_MAX = 5.0
_SLOWER_MAX, _SURGE_SECONDS_MAX = 1.5, 240.0
"""How long a drain takes at most: so much longer than at the table's full rate, and a few minutes, until SQS's counts
show a surge. Every record is taken to be as large as the largest: so does a worker that has just started, and has seen
one batch. docs/measurements/drain.md has the averages."""
_RECORD_SECONDS_MAX = 60.0
"""A table that needs longer for a single record is used less: the others back off from it for minutes."""
_BUSY_SECONDS_PER_PUT, _BUSY_PUTS_MIN = 0.15, 30
"""What an invocation is paid for at most. The worst world, with the smallest function, needs half of it."""
_CALM_NUMBER = 1_000_000
"""From here on, the numbers of the last records."""
_SECONDS_MAX = 60 * 86_400.0


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    at: float
    client: str
    habits: Habits
    request: RecordsRequest


@dataclass(frozen=True, slots=True)
class PlannedRead:
    at: float
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    at: float
    command: str
    killed_after: float | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that is decided before a world begins. The seed decides the rest, call by call."""

    seed: int
    setting: Setting
    api: ApiSetting
    faults: SimulatedFaults
    path_faults: PathFaults
    requests: tuple[PlannedRequest, ...]
    bare: tuple[tuple[float, SentRecord], ...]
    """Records that producers put on the queue themselves, and when."""
    reads: tuple[PlannedRead, ...]
    commands: tuple[PlannedCommand, ...]
    disturbed_seconds: float
    """So long, requests arrive and things go wrong in front of the queue."""


class PathWorld:
    def __init__(self, scenario: Scenario, apps: AppPool, *, is_told: bool = False) -> None:
        logging.getLogger("api").setLevel(logging.CRITICAL)  # thousands of lines that nobody reads
        self.scenario = scenario
        random = Random(f"path {scenario.seed}")
        self.chance = PathChance(scenario.path_faults, random)
        self.buffer = World(
            scenario.setting,
            scenario.faults,
            scenario.seed,
            deleted=lambda message: self.ledger.deleted(message),  # noqa: PLW0108 - it is made later
        )
        self.story = Story(self.buffer.clock.monotonic, is_told)
        self.ledger = Ledger(self.buffer)
        queues = {"records": self.buffer.queue, "dead-letters": self.buffer.dead_letter_queue}
        self.endpoint = SqsEndpoint(self.buffer.clock, self.chance, queues)
        self.api = SimulatedApi(self.buffer, self.endpoint, self.chance, scenario.api, apps=apps, story=self.story)
        self._left = len(scenario.requests) + len(scenario.reads) + len(scenario.commands)
        """What clients and operator have not done yet."""
        self._is_over = False
        self._listen()
        self.operator = Operator(self.buffer, self.chance, self.ledger, self.story)

    def _listen(self) -> None:
        """Only for a story that is told: what happens behind the API."""
        if self.story.is_told:
            self.ledger.tell = self.story.tell
            self.buffer.table.on_put = lambda item: self.story.tell("table", lambda: f"holds {item['m']['S']}")

    def run(self) -> None:
        """To the end. Raises `AssertionError` when a promise is broken."""
        self._plan()
        buffer = self.buffer
        buffer.event_source.start()
        buffer.clock.run(until=lambda: self._is_over and not buffer.queue.messages, seconds_max=_SECONDS_MAX)
        buffer.event_source.stop()
        self.api.close()
        self.ledger.verify()
        if self._is_fair():
            self._verify_rate()

    def _is_fair(self) -> bool:
        """Whether nothing goes wrong behind the queue, which has the template's window and all of its slots."""
        faults, setting = self.scenario.faults, self.scenario.setting
        usual = SimulatedFaults(reorder=faults.reorder, partial_receives=faults.partial_receives)
        has_slots = setting.in_flight_max == IN_FLIGHT_MAX and setting.window_seconds == 1
        is_small = self._largest_units() <= _RECORD_SECONDS_MAX * setting.units_per_second
        return faults == usual and has_slots and is_small and not self.buffer.event_source.crashes

    def _verify_rate(self) -> None:
        """Promises 6 and 8: the table is used nearly always while there is a backlog, and waiting costs nothing."""
        table, units_per_second = self.buffer.table, self.scenario.setting.units_per_second
        seconds = table.last_put - self.ledger.last_sent_at
        seconds_max = _SLOWER_MAX * table.charged * self._largest_units() / units_per_second + _SURGE_SECONDS_MAX
        assert seconds <= seconds_max, f"the drain took {seconds:,.0f} s for {table.units:,.0f} units"
        busy, busy_max = self.buffer.event_source.busy_seconds, _BUSY_SECONDS_PER_PUT * (table.puts + _BUSY_PUTS_MIN)
        assert busy <= busy_max, f"workers were paid for {busy:.1f} s for {table.puts} puts"

    def _largest_units(self) -> int:
        records = (record for planned in self.scenario.requests for record in planned.request.records)
        return write_units(max(len(record.text) for record in records) + RESERVED_BYTES)

    def close(self) -> None:
        """However the world ended, nothing of it runs any more."""
        self.api.abandon()
        self.buffer.clock.close()

    def _plan(self) -> None:
        clock, scenario = self.buffer.clock, self.scenario
        for planned in scenario.requests:
            self.ledger.add(planned.request)
            clock.start(partial(self._send, planned), after=planned.at)
        for at, record in scenario.bare:
            self.ledger.add_bare(record)
            clock.start(partial(self._send_bare, record), after=at)
        for read in scenario.reads:
            clock.start(partial(self._read, read), after=read.at)
        for each in scenario.commands:
            clock.start(partial(self._act, each), after=each.at)
        clock.start(self._calm_down, after=scenario.disturbed_seconds)

    def _send(self, planned: PlannedRequest) -> None:
        self._client(planned.client, planned.habits).send(planned.request)
        self._left -= 1

    def _read(self, planned: PlannedRead) -> None:
        reader = Reader("reader", self.buffer, self.chance, self.ledger, self.story, self.api.servers)
        reader.read(planned.path, planned.key)
        self._left -= 1

    def _act(self, planned: PlannedCommand) -> None:
        self.operator.act(planned.command, planned.killed_after)
        self._left -= 1

    def _client(self, name: str, habits: Habits) -> Client:
        return Client(name, habits, self.buffer.clock, self.chance, self.ledger, self.story, self.api.servers)

    def _send_bare(self, record: SentRecord) -> None:
        self.story.tell("producer", lambda: f"puts {record.marker} on the queue")
        self.buffer.queue.send(record.text, {})

    def _calm_down(self) -> None:
        """In front of the queue all is well again. When all clients are done, every server accepts records at once."""
        self.chance.is_calm = True
        self.story.tell("world", lambda: "all is well in front of the queue")
        self.buffer.clock.sleep(_CALM_SECONDS)
        while self._left:
            self.buffer.clock.sleep(_CALM_SECONDS)
        for number, server in enumerate(self.api.servers()):
            if not self.scenario.api.backlog_hours_max:  # a full backlog is no fault
                self._ask_for_acceptance(server, _CALM_NUMBER + number)
        self._is_over = True

    def _ask_for_acceptance(self, server: Server, number: int) -> None:
        record = SentRecord(f"r{number}", f'{{"id":"calm-{number}","m":"r{number}"}}', f"calm-{number}")
        request = RecordsRequest((record,), "single")
        self.ledger.add(request)
        client = self._client("last client", Habits(timeout_seconds=_ACCEPTANCE_SECONDS_MAX))
        accepted = replace(client, servers=lambda: [server]).send(request)
        assert accepted, f"{server.name} does not accept records, though nothing is wrong any more"
