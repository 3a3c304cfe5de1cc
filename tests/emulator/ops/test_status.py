"""`status`: the depths of the queues, the capacity of the table, and the time until the buffer is empty."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from api.reads.backlog import estimate_drain
from ops.__main__ import main
from ops.recent_puts import Freshness, RecentPuts
from ops.status import Status, status_of
from ops.target import Target
from telemetry.queue_depth import QueueDepth
from tests.emulator.ops.buffer import Buffer

_EMPTY, _WAITING = QueueDepth(0, 0, 0), QueueDepth(9, 0, 0)
_NONE = RecentPuts()


class Table:
    """A DynamoDB that describes one table."""

    def __init__(self, **description: Any) -> None:
        self.description = description

    def describe_table(self, **_request: Any) -> Any:
        return {"Table": self.description}


def described(buffer: Buffer, **description: Any) -> Target:
    """With metrics of its own."""
    return replace(
        buffer.target, dynamodb=cast("Any", Table(**description)), record_table_name=f"table-{secrets.token_hex(8)}"
    )


def log_line(target: Target, at: float, **metrics: float | Sequence[float]) -> None:
    """What CloudWatch makes of a line of the consumer's metrics."""
    data = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "table", "Value": target.record_table_name}],
            "Timestamp": at,
            "Values": value if isinstance(value, Sequence) else [value],
        }
        for name, value in metrics.items()
    ]
    target.cloudwatch.put_metric_data(Namespace="Forebay", MetricData=cast("Any", data))


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
    assert status.units_per_second == 1000


def test_the_time_to_empty_is_the_write_units_of_the_backlog_divided_by_the_rate_of_the_table(buffer: Buffer) -> None:
    send(buffer, 4)
    buffer.sqs.receive_message(QueueUrl=buffer.target.record_queue_url, MaxNumberOfMessages=1)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 2049}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    assert (status_of(target).units_per_record, status_of(target).seconds_to_empty) == (3.0, 6.0)
    assert status_of(target, 5).seconds_to_empty == 10.0


def test_without_a_recent_put_and_without_items_nobody_knows_what_a_record_costs(buffer: Buffer) -> None:
    send(buffer, 1)
    target = described(buffer, ItemCount=0, TableSizeBytes=0, ProvisionedThroughput={"WriteCapacityUnits": 2})
    assert (status_of(target).units_per_record, status_of(target).seconds_to_empty) == (None, None)


def test_recent_puts_say_what_a_record_costs_superseded_ones_too(buffer: Buffer) -> None:
    send(buffer, 4)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 100}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    log_line(target, time.time() - 10_000, puts=90, write_units=9000)  # not in this hour, nor in the one before
    log_line(target, time.time() - 1, puts=6, superseded=4, write_units=47)
    status = status_of(target)
    assert (status.units_per_record, status.seconds_to_empty) == (4.7, 9.4)
    assert status_of(target, 5).seconds_to_empty == 10.0


def test_how_fresh_the_table_is_by_percentiles_of_the_newest_hour(buffer: Buffer) -> None:
    target = described(buffer)
    hour = time.time() // 3600 * 3600
    log_line(target, hour - 1, freshness=[9] * 100)
    log_line(target, hour, freshness=[2] * 60 + [30] * 38 + [600] * 2)
    fresh = status_of(target).recent.freshness
    assert fresh
    assert (fresh.since.timestamp(), fresh.p50, fresh.p99) == (hour, 2, 600)


def test_before_anything_was_put_in_this_hour_the_one_before_counts(buffer: Buffer) -> None:
    target = described(buffer)
    hour = time.time() // 3600 * 3600
    log_line(target, hour - 3600, freshness=[9] * 100)
    fresh = status_of(target).recent.freshness
    assert fresh
    assert (fresh.since.timestamp(), fresh.p50) == (hour - 3600, 9)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData"), "AccessDenied"),
        (ConnectTimeoutError(endpoint_url="https://monitoring.example"), "ConnectTimeoutError"),
    ],
)
def test_without_cloudwatch_the_rest_is_shown(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, cause: str
) -> None:
    class Deaf:
        def get_metric_data(self, **_request: Any) -> Any:
            raise error

    target = replace(buffer.target, cloudwatch=cast("Any", Deaf()))
    monkeypatch.setattr("ops.target_options.on_this_machine", {8123: target}.__getitem__)
    assert main(["status", "--local=8123"]) == 0
    printed = capsys.readouterr().out
    assert "  waiting       0\n" in printed
    assert (
        f"  freshness     unknown: CloudWatch did not answer ({cause}); it takes cloudwatch:GetMetricData\n" in printed
    )


def test_status_and_the_api_give_the_same_time_to_empty(buffer: Buffer) -> None:
    send(buffer, 7)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 3000}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    table = target.dynamodb.describe_table(TableName="any")["Table"]
    status = status_of(target)
    assert status.seconds_to_empty == estimate_drain(status.records.total, table, None).seconds == 10.5
    # The units of the last records, where both know them.
    log_line(target, time.time() - 1, puts=10, write_units=50)
    status = status_of(target)
    assert status.seconds_to_empty == estimate_drain(status.records.total, table, 5.0).seconds == 17.5


@pytest.mark.parametrize("throughput", [{}, {"ProvisionedThroughput": {"WriteCapacityUnits": 0}}])
def test_for_an_on_demand_table_there_is_no_time_to_empty(buffer: Buffer, throughput: dict[str, Any]) -> None:
    send(buffer, 1)
    status = status_of(described(buffer, **throughput))
    assert (status.units_per_second, status.seconds_to_empty) == (None, None)


def printed_for(status: Status, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], local: str) -> str:
    known: Callable[..., Status] = lambda *_: status  # noqa: E731 - typed
    monkeypatch.setattr("ops.status_command.status_of", known)
    assert main(["status", local]) == 0
    return capsys.readouterr().out


def test_status_prints_six_lines(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = Status(
        QueueDepth(1200, 40, 10),
        QueueDepth(5, 0, 2),
        5,
        4.0,
        RecentPuts(4.0, Freshness(datetime(2026, 1, 2, 11, tzinfo=UTC), 0.4, 130.0)),
    )
    assert printed_for(status, monkeypatch, capsys, local) == (
        "the local stack on port 8123\n\n"
        "  waiting       1,240\n"
        "  in flight     10\n"
        "  dead letters  7, 2 of them hidden while somebody reads them\n"
        "  table         5 write units a second\n"
        "  empty         in about 17 min, at 4 write units a record, if no more records arrive\n"
        "  freshness     half of the records put since 11:00 UTC were put within a second, 99 % within 2 min\n"
    )


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (Status(_EMPTY, _EMPTY, 1, 1.0, _NONE), ["table         1 write unit a second", "empty         now"]),
        (Status(_WAITING, _EMPTY, None, 1.0, _NONE), ["table         on-demand", "empty         as fast as the"]),
        (Status(_WAITING, _EMPTY, 5, None, _NONE), ["empty         unknown", "freshness     unknown"]),
    ],
)
def test_status_says_in_words_what_is_no_number(
    local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: Status, lines: list[str]
) -> None:
    printed = printed_for(status, monkeypatch, capsys, local)
    assert [line in printed for line in lines] == [True, True]


@pytest.mark.parametrize("units", ["0", "-1", "x", "inf", "nan"])
def test_invalid_units_per_record_are_a_usage_error(local: str, units: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["status", f"--units-per-record={units}", local])
    assert caught.value.code == 2
