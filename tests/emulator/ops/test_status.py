"""`status`: the depths of the queues, the capacity of the table, and the time until the buffer is empty."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from api.reads.backlog import estimate_drain
from ops.__main__ import main
from ops.recent_puts import RecentPuts
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


def test_recent_puts_say_what_a_record_costs_and_how_fresh_the_table_is(buffer: Buffer) -> None:
    send(buffer, 4)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 100}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    now = time.time()
    for at, puts, units, seconds in ((-7200, 90, 90, 9), (-600, 6, 30, 2), (-60, 4, 17, 3)):
        log_line(target, now + at, puts=puts, write_units=units, freshness=[seconds] * 99 + [600])
    status = status_of(target)
    assert (status.units_per_record, status.seconds_to_empty) == (4.7, 9.4)
    assert status.recent.freshness is not None
    p50, p99 = status.recent.freshness
    assert 2 <= p50 <= 3 <= p99 <= 600
    assert status_of(target, 5).seconds_to_empty == 10.0


def test_without_the_permission_to_ask_cloudwatch_the_rest_is_shown(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Denied:
        def get_metric_data(self, **_request: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData")

    target = replace(buffer.target, cloudwatch=cast("Any", Denied()))
    monkeypatch.setattr("ops.target_options.on_this_machine", {8123: target}.__getitem__)
    assert main(["status", "--local=8123"]) == 0
    printed = capsys.readouterr().out
    assert "  waiting       0\n" in printed
    assert "  freshness     unknown: these credentials lack cloudwatch:GetMetricData\n" in printed


def test_status_and_the_api_give_the_same_time_to_empty(buffer: Buffer) -> None:
    send(buffer, 7)
    items = {"ItemCount": 10, "TableSizeBytes": 10 * 3000}
    target = described(buffer, ProvisionedThroughput={"WriteCapacityUnits": 2}, **items)
    table = target.dynamodb.describe_table(TableName="any")["Table"]
    status = status_of(target)
    assert status.seconds_to_empty == estimate_drain(status.records.total, table, None).seconds == 10.5


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
    status = Status(QueueDepth(1200, 40, 10), QueueDepth(5, 0, 2), 5, 4.0, RecentPuts(4.0, (0.4, 130.0)))
    assert printed_for(status, monkeypatch, capsys, local) == (
        "the local stack on port 8123\n\n"
        "  waiting       1,240\n"
        "  in flight     10\n"
        "  dead letters  7, 2 of them hidden while somebody reads them\n"
        "  table         5 write units a second\n"
        "  empty         in about 17 min, at 4 write units a record, if no more records arrive\n"
        "  freshness     half of the records of the last hour were put within a second, 99 % within 2 min\n"
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
