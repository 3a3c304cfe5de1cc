"""What the stack has used, from the logs of both functions and the emulator's counters."""

import json
from pathlib import Path
from typing import Any

import pytest

from dev.console.meters import StackMeters
from ops.target import Target
from records.key import KeySchema

_NOBODY: Any = None
_TARGET = Target("t", _NOBODY, _NOBODY, _NOBODY, "http://x/0/queue", "http://x/0/dead", "table", KeySchema())


class Logs:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def describe_log_groups(self) -> Any:
        return {"logGroups": [{"logGroupName": "ApiLogs"}, {"logGroupName": "ConsumerLogs"}]}

    def filter_log_events(self, *, logGroupName: str, startTime: int) -> Any:  # noqa: N803 - boto3's
        assert logGroupName == "ConsumerLogs"
        return {"events": [event for event in self.events if event["timestamp"] >= startTime]}

    def add(self, at: int, message: str) -> None:
        self.events.append({"timestamp": at, "message": message})


def counters(**changes: Any) -> Any:
    table = {"puts": 8, "superseded": 2, "units": 50.0}
    return {
        "sent": {"queue": 20}, "batch_requests": {"queue": 2},
        "tables": {"table": table, "another": {"puts": 1000}}, **changes,
    }  # fmt: skip


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def meters(tmp_path: Path, logs: Logs) -> StackMeters:
    return StackMeters(tmp_path / "api.log", logs)


def test_invocations_are_counted_once_however_often_the_log_is_read(meters: StackMeters, logs: Logs) -> None:
    logs.add(5, "START RequestId: 1")
    logs.add(5, "REPORT RequestId: 1\tDuration: 27.1 ms\tBilled Duration: 28 ms\tMemory Size: 512 MB")
    meters.read()
    logs.add(5, "REPORT RequestId: 2\tDuration: 2 ms\tBilled Duration: 2 ms")
    logs.add(6, "REPORT RequestId: 3\tDuration: 3 ms\tBilled Duration: 3 ms")
    meters.read()
    meters.read()
    used = meters.meters(100.0, 5, _TARGET, counters())
    assert (used.invocations, used.milliseconds) == (3, 33)


def test_sqs_requests_follow_from_what_each_invocation_reports(meters: StackMeters, logs: Logs) -> None:
    logs.add(1, json.dumps({"_aws": {}, "puts": 11.0, "deferred": 10.0, "dead_lettered": 1.0}, separators=(",", ":")))
    logs.add(2, json.dumps({"_aws": {}, "deferred": 4.0}, separators=(",", ":")))
    meters.read()
    used = meters.meters(100.0, 5, _TARGET, counters())
    # 22 messages: three receives and the one that ends the window, one change of visibility, two deletions; then four.
    assert used.drain_requests == (3 + 1 + 1 + 2) + (1 + 1 + 1)
    assert meters.dead_lettered == 1


def test_requests_to_the_api_are_counted_from_its_log_line_by_line(meters: StackMeters, tmp_path: Path) -> None:
    def line(method: str, milliseconds: float) -> str:
        return json.dumps({"message": "request", "method": method, "milliseconds": milliseconds}, separators=(",", ":"))

    log = tmp_path / "api.log"
    log.write_text(f"starting\n{line('POST', 3.5)}\n{line('GET', 100)}\n{line('POST', 4)[:20]}")
    meters.read()
    log.write_text(f"starting\n{line('POST', 3.5)}\n{line('GET', 100)}\n{line('POST', 4)}\n")
    meters.read()
    used = meters.meters(100.0, 5, _TARGET, counters())
    assert (used.api_requests, used.api_milliseconds) == (2, 7.5)


def test_time_and_capacity_count_from_the_first_record(meters: StackMeters) -> None:
    assert meters.meters(10.0, 5, _TARGET, counters(sent={})).seconds == 0
    meters.meters(50.0, 5, _TARGET, counters())
    meters.meters(60.0, 5, _TARGET, counters())
    used = meters.meters(70.0, 10, _TARGET, counters())
    assert (used.seconds, used.provisioned_unit_seconds) == (20, 150)


def test_what_waits_will_cost_write_units_as_what_is_stored_did(meters: StackMeters) -> None:
    used = meters.meters(1.0, 5, _TARGET, counters())
    assert (used.records, used.stored, used.write_units) == (20, 10, 100.0)
