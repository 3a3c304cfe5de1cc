"""A client that reads: records by their ids, the buffer, readiness. Each answer is held against what is so."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from api.reads.calls import READ_SECONDS_MAX
from dev.simulation.path.client import Server
from dev.simulation.path.exchange import Exchange, HttpAnswer, HttpRequest
from dev.simulation.path.faults import PathChance
from dev.simulation.path.ledger import Ledger
from dev.simulation.path.marks import item_version
from dev.simulation.path.story import Story
from dev.simulation.world import World

_PATIENCE_SECONDS = 60.0
_ANSWER_SECONDS_MAX = READ_SECONDS_MAX + 2.0
"""What AWS has to say, and a function's cold start."""
_MAY_FAIL = {"table_unavailable", "queue_unavailable"}
"""Codes of answers that ask the client to try again."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`servers` are those that take requests now."""

    name: str
    world: World
    chance: PathChance
    ledger: Ledger
    story: Story
    servers: Callable[[], list[Server]]

    def read(self, path: str, key: str = "") -> None:
        """`/records`, of which `key` names one, `/buffer` or `/ready`."""
        if not (servers := self.servers()):
            return
        server = self.chance.random.choice(servers)
        query = urlencode({"id": key}) if key else ""
        self.story.tell(self.name, lambda: f"reads {path}{'?' * bool(query)}{query} from {server.name}")
        stored, units_per_second = self._version(key), self._units_per_second()
        answer = self._answer(server, HttpRequest("GET", path, {"host": "api"}, query=query))
        if answer is None or b'"message"' in answer.body[:20]:
            return  # lost, or API Gateway's own
        self.story.tell(self.name, lambda: f"gets {answer.status}")
        if answer.status == 503:  # noqa: PLR2004 - AWS has not answered
            assert answer.document["code"] in _MAY_FAIL, f"an odd answer to a read: {answer.document}"
            assert "retry-after" in answer.headers, "no Retry-After"
        elif path == "/records":
            self._hold_record(key, answer, stored)
        else:
            assert answer.status == 200, f"an odd answer to a read: {answer.document}"  # noqa: PLR2004 - it is there
            if path == "/buffer":
                self._hold_buffer(answer.document, units_per_second)

    def _answer(self, server: Server, request: HttpRequest) -> HttpAnswer | None:
        clock = self.world.clock
        exchange = Exchange(clock, request, server.name, clock.now)
        clock.sleep(self.chance.latency())
        server.take(exchange).feed(b"", more=False)
        answer = exchange.wait(_PATIENCE_SECONDS)
        waited = clock.now - (exchange.arrived_at or clock.now)
        assert waited <= _ANSWER_SECONDS_MAX, f"a client waited {waited:.1f} s for what it reads"
        return answer

    def _hold_record(self, key: str, answer: HttpAnswer, before: str) -> None:
        """`before`: the version that the table had when the client asked."""
        if answer.status == 404:  # noqa: PLR2004 - not there
            assert not before, f"a stored record was not found: {key}"
            return
        version = answer.headers["etag"].strip('"')
        assert before <= version <= self._version(key), f"a read of {key} went back, or ahead"
        content = json.loads(answer.body, parse_float=Decimal, parse_int=Decimal)
        assert content == {"id": key, **self.ledger.content_of(content["m"])}, f"not as it was sent: {content}"

    def _hold_buffer(self, buffer: dict[str, Any], units_before: float) -> None:
        """SQS's counts are up to a minute old, and a few percent off."""
        most = 1 + self.ledger.messages_max * (1 + self.world.setting.counts_error)
        assert 0 <= buffer["waiting"] + buffer["in_flight"] <= most, f"more than there ever was: {buffer}"
        drain = buffer["drain"]
        # Auto scaling may have changed it meanwhile.
        assert drain["write_capacity_units"] in {units_before, self._units_per_second()}, f"another rate: {buffer}"
        is_known = drain["write_units_per_record"] is not None or buffer["waiting"] + buffer["in_flight"] == 0
        assert (drain["seconds"] is not None) == is_known, f"an estimate out of nothing, or none: {buffer}"

    def _version(self, key: str) -> str:
        item = self.world.table.items.get(key)
        return item_version(item) if item else ""

    def _units_per_second(self) -> float:
        return self.world.capacity.units_per_second
