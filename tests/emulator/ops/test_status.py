"""`status`: where the buffer stands."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from ops.__main__ import main
from ops.depth import Depth
from ops.status import Status, status_of
from ops.target import Target
from tests.emulator.ops.buffer import Buffer


class Table:
    """A DynamoDB that describes one table."""

    def __init__(self, **told: Any) -> None:
        self.told = told

    def describe_table(self, **_request: Any) -> Any:
        return {"Table": self.told}


def described(buffer: Buffer, **told: Any) -> Target:
    return replace(buffer.target, dynamodb=cast("Any", Table(**told)))


def send(buffer: Buffer, records: int, delay: int = 0) -> None:
    for _ in range(records):
        buffer.sqs.send_message(QueueUrl=buffer.target.record_queue_url, MessageBody="{}", DelaySeconds=delay)


def test_status_counts_what_waits_what_is_in_flight_and_what_is_dead(buffer: Buffer) -> None:
    send(buffer, 3)
    send(buffer, 1, delay=900)
    buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, MaxNumberOfMessages=1)
    buffer.dead_letter("{")
    status = status_of(buffer.target)
    assert (status.records, status.dead_letters) == (Depth(waiting=3, in_flight=1), Depth(waiting=1, in_flight=0))
    assert status.write_capacity_units == 1000


def test_the_time_to_empty_is_the_backlogs_write_units_at_the_tables_rate(buffer: Buffer) -> None:
    send(buffer, 4)
    buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, MaxNumberOfMessages=1)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 2049}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    assert (status_of(target).write_units_per_record, status_of(target).seconds_to_empty) == (3.0, 6.0)
    assert status_of(target, 5).seconds_to_empty == 10.0


def test_records_for_an_empty_table_are_taken_to_cost_one_unit(buffer: Buffer) -> None:
    told = described(buffer, ItemCount=0, TableSizeBytes=0, ProvisionedThroughput={"WriteCapacityUnits": 2})
    assert status_of(told).write_units_per_record == 1.0


@pytest.mark.parametrize("throughput", [{}, {"ProvisionedThroughput": {"WriteCapacityUnits": 0}}])
def test_an_on_demand_table_has_no_rate_to_wait_for(buffer: Buffer, throughput: dict[str, Any]) -> None:
    status = status_of(described(buffer, **throughput))
    assert (status.write_capacity_units, status.seconds_to_empty) == (None, None)


def told_of(status: Status, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], local: str) -> str:
    known: Callable[..., Status] = lambda *_: status  # noqa: E731 - typed
    monkeypatch.setattr("ops.status_command.status_of", known)
    assert main(["status", local]) == 0
    return capsys.readouterr().out


def test_status_says_it_in_five_lines(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = Status(Depth(1240, 10), Depth(5, 2), 5, 4.0)
    assert told_of(status, monkeypatch, capsys, local) == (
        "the local stack on port 8123\n\n"
        "  waiting       1,240\n"
        "  in flight     10\n"
        "  dead letters  7, 2 of them held by somebody who looks at them\n"
        "  table         5 write units a second\n"
        "  empty         in about 17 min, at 4 write units a record and if nothing more comes\n"
    )


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status(Depth(0, 0), Depth(0, 0), 1, 1.0), ["table         1 write unit a second", "empty         now"]),
        (Status(Depth(9, 0), Depth(0, 0), None, 1.0), ["table         on-demand", "empty         as fast as the"]),
    ],
)
def test_status_says_when_there_is_nothing_to_wait_for(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: Status, told: list[str]
) -> None:
    said = told_of(status, monkeypatch, capsys, local)
    assert [line in said for line in told] == [True, True]


@pytest.mark.parametrize("units", ["0", "-1", "x", "inf", "nan"])
def test_units_that_are_none_are_a_usage_error(local: str, units: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["status", f"--units-per-record={units}", local])
    assert caught.value.code == 2
