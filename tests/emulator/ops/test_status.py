"""`status`: the depths of the queues, the capacity of the table, and the time until the buffer is empty."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from ops.__main__ import main
from ops.status import Status, status_of
from ops.target import Target
from telemetry.queue_depth import QueueDepth
from tests.emulator.ops.buffer import Buffer

_EMPTY = QueueDepth(0, 0, 0)


class Table:
    """A DynamoDB that describes one table."""

    def __init__(self, **description: Any) -> None:
        self.description = description

    def describe_table(self, **_request: Any) -> Any:
        return {"Table": self.description}


def described(buffer: Buffer, **description: Any) -> Target:
    return replace(buffer.target, dynamodb=cast("Any", Table(**description)))


def send(buffer: Buffer, records: int, delay: int = 0) -> None:
    for _ in range(records):
        buffer.sqs.send_message(QueueUrl=buffer.target.record_queue_url, MessageBody="{}", DelaySeconds=delay)


def test_status_counts_visible_delayed_and_in_flight_messages_and_dead_letters(buffer: Buffer) -> None:
    send(buffer, 3)
    send(buffer, 1, delay=900)
    buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, MaxNumberOfMessages=1)
    buffer.dead_letter("{")
    status = status_of(buffer.target)
    assert status.records == QueueDepth(visible=2, delayed=1, in_flight=1)
    assert status.dead_letters == QueueDepth(visible=1, delayed=0, in_flight=0)
    assert status.write_capacity_units == 1000


def test_the_time_to_empty_is_the_write_units_of_the_backlog_divided_by_the_rate_of_the_table(buffer: Buffer) -> None:
    send(buffer, 4)
    buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, MaxNumberOfMessages=1)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 2049}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    assert (status_of(target).write_units_per_record, status_of(target).seconds_to_empty) == (3.0, 6.0)
    assert status_of(target, 5).seconds_to_empty == 10.0


def test_without_items_in_the_table_a_record_is_assumed_to_cost_one_unit(buffer: Buffer) -> None:
    target = described(buffer, ItemCount=0, TableSizeBytes=0, ProvisionedThroughput={"WriteCapacityUnits": 2})
    assert status_of(target).write_units_per_record == 1.0


@pytest.mark.parametrize("throughput", [{}, {"ProvisionedThroughput": {"WriteCapacityUnits": 0}}])
def test_for_an_on_demand_table_there_is_no_time_to_empty(buffer: Buffer, throughput: dict[str, Any]) -> None:
    status = status_of(described(buffer, **throughput))
    assert (status.write_capacity_units, status.seconds_to_empty) == (None, None)


def printed_for(status: Status, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], local: str) -> str:
    known: Callable[..., Status] = lambda *_: status  # noqa: E731 - typed
    monkeypatch.setattr("ops.status_command.status_of", known)
    assert main(["status", local]) == 0
    return capsys.readouterr().out


def test_status_prints_five_lines(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = Status(QueueDepth(1200, 40, 10), QueueDepth(5, 0, 2), 5, 4.0)
    assert printed_for(status, monkeypatch, capsys, local) == (
        "the local stack on port 8123\n\n"
        "  waiting       1,240\n"
        "  in flight     10\n"
        "  dead letters  7, 2 of them hidden while somebody reads them\n"
        "  table         5 write units a second\n"
        "  empty         in about 17 min, at 4 write units a record, if no more records arrive\n"
    )


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (Status(_EMPTY, _EMPTY, 1, 1.0), ["table         1 write unit a second", "empty         now"]),
        (Status(QueueDepth(9, 0, 0), _EMPTY, None, 1.0), ["table         on-demand", "empty         as fast as the"]),
    ],
)
def test_status_prints_that_the_buffer_is_empty_or_that_the_table_is_on_demand(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: Status, lines: list[str]
) -> None:
    printed = printed_for(status, monkeypatch, capsys, local)
    assert [line in printed for line in lines] == [True, True]


@pytest.mark.parametrize("units", ["0", "-1", "x", "inf", "nan"])
def test_invalid_units_per_record_are_a_usage_error(local: str, units: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["status", f"--units-per-record={units}", local])
    assert caught.value.code == 2
