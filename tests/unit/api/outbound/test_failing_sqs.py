"""When the queue fails: no 2xx for what is not durable, nothing lost over a client's retries, nothing stored twice.

The API's own sender, over HTTP, to an SQS that fails at random, from a seed that replays.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from consumer.delivery import Delivery
from tests.harness.failing_sqs import TAKEN, FailingSqs
from tests.unit.api.doubles import app_of, ask, sqs_at
from tests.unit.consumer.doubles import NOW_MS, Consumer, Table

_READ_SECONDS = 0.1
_ATTEMPTS_MAX = 20
Records = list[dict[str, Any]]
_BODY: Records = [
    {"n": 0},
    {"id": "own", "n": 1},
    *({"n": n, "pad": "x" * 300_000} for n in range(2, 8)),
    {"id": "own", "n": 8},
]


class Client:
    """Posts the records to an app in front of a failing SQS, and checks every answer against what SQS really took."""

    def __init__(self, seed: int) -> None:
        self.sqs = FailingSqs(seed, hang_seconds=2 * _READ_SECONDS)
        # One short try a request, so that answers of 503 are as frequent as answers of 202.
        self.app = app_of(sqs_at(self.sqs.url, _READ_SECONDS), seconds_max=4 * _READ_SECONDS)
        self.loop = asyncio.Runner()
        self.statuses: set[int] = set()

    def post(self, records: Records, **headers: str) -> Records:
        """Each record's outcome: id, version, and whether it was accepted."""
        names = {"content-type": "application/json", **headers}
        answer = self.loop.run(ask(self.app, "POST", "/records", content=json.dumps(records), headers=names))
        self.statuses.add(answer.status_code)
        assert answer.status_code in {202, 503}
        assert answer.status_code == 202 or answer.headers["retry-after"] in {"1", "2"}
        outcomes = [{"accepted": True, **outcome} for outcome in answer.json()["records"]]
        durable = {entry["MessageAttributes"]["version"]["StringValue"] for entry in self.sqs.durable}
        newest = {outcome["id"]: outcome for outcome in outcomes}.values()
        assert all(outcome["version"] in durable for outcome in newest if outcome["accepted"])
        return outcomes

    def stored(self) -> Table:
        """The table after the queue has been drained."""
        consumer = Consumer()
        for n, entry in enumerate(self.sqs.durable):
            version = entry["MessageAttributes"]["version"]["StringValue"]
            message = Delivery(str(n), "handle", entry["MessageBody"], version, NOW_MS, 1, first_received_ms=NOW_MS)
            assert consumer.drain(message) == []
        return consumer.table

    def close(self) -> None:
        self.loop.close()
        self.sqs.shutdown()
        self.sqs.server_close()


@pytest.fixture(params=range(12))
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    made = Client(request.param)
    yield made
    made.close()


def check_stored_once(table: Table) -> None:
    """Every record once, and of the id that is there twice the later one."""
    stored = [record.attributes["n"] for record in table.records.values()]
    assert (len(stored), set(stored)) == (8, {0, 2, 3, 4, 5, 6, 7, 8})
    assert table.records["own"].attributes["n"] == 8


def test_a_simple_client_repeats_the_whole_request_under_one_key(client: Client) -> None:
    for attempt in range(_ATTEMPTS_MAX):
        client.sqs.healthy = attempt == _ATTEMPTS_MAX - 1
        if all(outcome["accepted"] for outcome in client.post(_BODY, **{"idempotency-key": "batch 7"})):
            break
    check_stored_once(client.stored())


def test_a_careful_client_repeats_only_what_was_not_accepted_under_the_ids_that_it_received(client: Client) -> None:
    left = _BODY
    for attempt in range(_ATTEMPTS_MAX):
        client.sqs.healthy = attempt == _ATTEMPTS_MAX - 1
        outcomes = zip(client.post(left), left, strict=True)
        left = [{**record, "id": outcome["id"]} for outcome, record in outcomes if not outcome["accepted"]]
        if not left:
            break
    assert left == []
    check_stored_once(client.stored())


def test_the_failing_sqs_fails_in_every_way() -> None:
    seen: set[str] = set()
    statuses: set[int] = set()
    for seed in range(100, 112):
        client = Client(seed)
        for _ in range(4):
            client.post(_BODY[:2])
        seen |= client.sqs.seen
        statuses |= client.statuses
        client.close()
    assert seen == set(TAKEN)
    assert statuses == {202, 503}
