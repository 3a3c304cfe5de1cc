"""Every 202 is accounted for: with doubles of the queues and the table, in which any record can be missing."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from dev.load import receipts as receipts_module
from dev.load.item_reader import GET_BATCH_KEYS_MAX, ItemReader
from dev.load.receipts import ReceiptInvalid, Receipts
from dev.load.verify import Verdict, Verification, main
from ops.stop import StopFlag
from ops.target import Target
from records.item import Provenance
from records.key import Key, KeySchema


def version(number: int) -> str:
    return f"01a2074d-f08d-7356-ac50-{number:012x}"


def receipts_of(*pairs: tuple[str, int]) -> Receipts:
    receipts = Receipts()
    for record_id, number in pairs:
        receipts.add(Key(record_id), version(number))
    return receipts


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dev.load.verify._POLL_SECONDS", 0.001)
    monkeypatch.setattr("dev.load.item_reader._PAUSE_SECONDS", 0)


@dataclass
class Double:
    """Queues and table in one. `backlogs` are the depths that the queue reports, call by call; the last one stays."""

    items: dict[str, str | None] = field(default_factory=dict)
    backlogs: Sequence[int] = (0,)
    dead: Sequence[tuple[str, str]] = ()
    requested: list[int] = field(default_factory=list)
    depth_calls: int = 0
    unprocessed: int = 0
    throttles: int = 0
    received: bool = False

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> Any:  # noqa: N803 - boto3's
        count = len(self.dead)
        if QueueUrl == "records":
            count = self.backlogs[min(self.depth_calls, len(self.backlogs) - 1)]
            self.depth_calls += 1
        others = ("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible")
        return {"Attributes": {"ApproximateNumberOfMessages": str(count), **dict.fromkeys(others, "0")}}

    def receive_message(self, **_: Any) -> Any:
        messages = [
            {
                "MessageId": body,
                "ReceiptHandle": body,
                "Body": body,
                "Attributes": {"SentTimestamp": "0"},
                "MessageAttributes": {
                    "version": {"DataType": "String", "StringValue": given},
                    "reason": {"DataType": "String", "StringValue": "put_refused"},
                },
            }
            for body, given in self.dead
        ]
        self.received, was = True, self.received
        return {"Messages": [] if was else messages}

    def change_message_visibility_batch(self, Entries: Any, **_: Any) -> Any:  # noqa: N803 - boto3's
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's
        if self.throttles:
            self.throttles -= 1
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "BatchGetItem")
        keys = RequestItems["table"]["Keys"]
        self.requested.append(len(keys))
        processed, unprocessed = keys[self.unprocessed :], keys[: self.unprocessed]
        self.unprocessed = 0
        items = []
        for key in processed:
            if (record_id := key["id"]["S"]) in self.items:
                given = self.items[record_id]
                reserved = {"_forebay": Provenance.of(given, 0, 0).attribute_value()} if given else {}
                items.append({"id": {"S": record_id}, **reserved})
        return {
            "Responses": {"table": items},
            "UnprocessedKeys": {"table": {"Keys": unprocessed}} if unprocessed else {},
        }

    def target(self) -> Target:
        return Target(
            "double", cast("Any", self), cast("Any", self), cast("Any", None), "records", "dead", "table", KeySchema()
        )

    def verdict(self, receipts: Receipts, wait_seconds: float = 0) -> Verdict:
        return Verification(self.target(), StopFlag(), lambda _: None).run(receipts, wait_seconds)


def test_all_is_accounted_for_where_the_table_holds_every_newest_version() -> None:
    double = Double({"a": version(1), "b": version(3), "c": version(9)})
    verdict = double.verdict(receipts_of(("a", 1), ("b", 2), ("b", 3), ("c", 4)))
    assert verdict.holds
    assert (verdict.receipts, verdict.in_table, verdict.superseded, verdict.lost) == (4, 3, 1, 0)
    assert "4 receipts: every 202 is accounted for" in verdict.text()


@pytest.mark.parametrize("there", [{}, {"gone": version(1)}, {"gone": None}], ids=["missing", "older", "not Forebay's"])
def test_a_record_that_is_missing_or_older_in_the_table_is_lost_and_named(there: dict[str, str | None]) -> None:
    verdict = Double({"a": version(1), **there}).verdict(receipts_of(("a", 1), ("gone", 2)))
    assert not verdict.holds
    assert (verdict.in_table, verdict.lost, verdict.lost_keys) == (1, 1, (Key("gone"),))
    assert "1 RECORD LOST" in verdict.text()
    assert verdict.text().endswith("The first of the lost: gone")


def test_the_receipts_of_one_id_in_any_order_want_the_newest() -> None:
    assert not Double({"a": version(1)}).verdict(receipts_of(("a", 2), ("a", 1))).holds
    verdict = Double({"a": version(2)}).verdict(receipts_of(("a", 2), ("a", 1)))
    assert (verdict.in_table, verdict.superseded, verdict.lost) == (1, 1, 0)


def test_no_more_records_count_as_queued_than_the_queue_holds_messages() -> None:
    three = receipts_of(("a", 1), ("b", 2), ("c", 3))
    verdict = Double({"a": version(1)}, backlogs=[2]).verdict(three)
    assert verdict.holds
    assert (verdict.in_table, verdict.in_queue, verdict.lost) == (1, 2, 0)
    verdict = Double({"a": version(1)}, backlogs=[1]).verdict(three)
    assert (verdict.in_table, verdict.in_queue, verdict.lost, verdict.lost_keys) == (1, 1, 1, ())


def test_it_waits_until_the_buffer_is_empty_and_reports_its_progress() -> None:
    lines: list[str] = []
    double = Double({"a": version(1)}, backlogs=[30, 20, 10, 0])
    verdict = Verification(double.target(), StopFlag(), lines.append).run(receipts_of(("a", 1)))
    assert verdict.holds
    assert verdict.backlog == 0
    assert lines[0] == "backlog 30"
    assert lines[2].startswith("backlog 10, ")
    assert " puts a second, empty in about " in lines[2]


def test_it_does_not_wait_for_ever_for_a_queue_that_does_not_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dev.load.verify.STALLED_SECONDS_MAX", 0.01)
    assert Double(backlogs=[7]).verdict(receipts_of(("a", 1)), wait_seconds=60).in_queue == 1


def test_a_stop_request_ends_the_wait_and_not_the_verification() -> None:
    stop = StopFlag()
    stop.set()
    verdict = Verification(Double({"a": version(1)}, backlogs=[7]).target(), stop, lambda _: None)
    assert verdict.run(receipts_of(("a", 1), ("b", 2))).in_queue == 1


def test_a_dead_lettered_record_is_not_lost() -> None:
    dead = [('{"id":"b"}', version(2)), ('{"id":"other"}', version(7))]
    verdict = Double({"a": version(1)}, dead=dead).verdict(receipts_of(("a", 1), ("b", 2), ("c", 3)))
    assert (verdict.in_table, verdict.dead_lettered, verdict.lost, verdict.dead_letters) == (1, 1, 1, 2)
    assert verdict.lost_keys == (Key("c"),)


def test_many_keys_are_read_in_chunks_and_unprocessed_ones_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dev.load.item_reader.KEYS_PER_SECOND", 1_000_000)
    double = Double({f"{n}": version(n) for n in range(250)}, unprocessed=30, throttles=2)
    verdict = double.verdict(receipts_of(*((f"{n}", n) for n in range(250))))
    assert (verdict.in_table, verdict.lost) == (250, 0)
    assert double.requested == [GET_BATCH_KEYS_MAX, 30, 100, 50]


def test_a_table_that_throttles_every_read_ends_the_verification() -> None:
    with pytest.raises(ClientError, match="no read capacity left"):
        list(ItemReader(Double(throttles=1000).target()).read([Key("a")]))


def test_a_file_may_hold_answers_and_single_receipts() -> None:
    lines = [
        f'{{"records":[{{"id":"a","version":"{version(1)}"}},{{"id":"b","version":"{version(2)}"}}]}}\n',
        "\n",
        f'{{"id":"a","version":"{version(3)}"}}',
    ]
    receipts = Receipts.read(lines)
    assert (receipts.count, receipts.superseded, list(receipts)) == (3, 1, [Key("a"), Key("b")])


@pytest.mark.parametrize("line", ["{", "[]", '"x"', '{"id":"a"}', '{"id":"a","version":"1"}', '{"records":[1]}'])
def test_a_line_without_a_receipt_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ReceiptInvalid, match="line 2 is neither"):
        Receipts.read(["\n", line])


def test_more_ids_than_can_be_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts_module, "RECEIPTS_KEYS_MAX", 2)
    lines = [f'{{"id":"{n}","version":"{version(n)}"}}' for n in range(3)]
    with pytest.raises(ReceiptInvalid, match="more than 2 ids"):
        Receipts.read(lines)


@pytest.mark.parametrize(("items", "code", "found"), [({"a": 1}, 0, "accounted for"), ({}, 1, "1 RECORD LOST")])
def test_the_command_reads_standard_input_and_its_exit_code_is_the_verdict(
    items: dict[str, int],
    code: int,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    double = Double({record_id: version(number) for record_id, number in items.items()})
    on_this_machine: Callable[[int], Target] = lambda _: double.target()  # noqa: E731 - a double
    monkeypatch.setattr("ops.target_options.on_this_machine", on_this_machine)
    monkeypatch.setattr("sys.stdin", io.StringIO(f'{{"id":"a","version":"{version(1)}"}}\n'))
    assert main(["--local=1", "--no-wait", "-"]) == code
    assert found in capsys.readouterr().out


def test_the_command_prints_the_error_that_ended_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--local=1", "/nowhere/receipts"]) == 1
    assert "verify: " in capsys.readouterr().err
