"""Sending dead letters back and dropping them: nothing is lost, nothing newer is overwritten, others are left alone."""

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from consumer.table import Put, TableWriter
from ops.dead_letters import DeadLetterQueue, Selection
from ops.pace import Pace
from ops.settle import Drop, SendBack
from records.item import Provenance
from records.key import KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.message import read_message
from records.version import version_of_bare_message
from tests.emulator.ops.buffer import Buffer, faulty, told_nothing

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_ALL = Selection()
_OLDER, _NEWER = "01a2074d-f08d-7356-ac50-434b86e031a3", "01a2074d-f08d-7356-ac50-434b86e031a4"
_CRASH = RuntimeError("the power is gone")


def send_back(buffer: Buffer, selection: Selection = _ALL, *, queue: DeadLetterQueue | None = None) -> SendBack:
    """Selects, and makes ready to send back at a pace that nobody waits for."""
    queue = queue or buffer.dead_letters()
    message_ids = queue.read(selection, told_nothing).message_ids
    return SendBack(queue, buffer.target.record_queue_url, message_ids, Pace(1_000_000, buffer.stop))


def put(buffer: Buffer, message: "MessageTypeDef") -> Put:
    """As the consumer puts a message that it gets."""
    sent_ms = int(message["Attributes"]["SentTimestamp"])
    version = message["MessageAttributes"]["version"]["StringValue"]
    record = read_message(message["Body"], version, message["MessageId"], sent_ms, KeySchema())
    table = TableWriter(buffer.target.dynamodb, buffer.target.record_table_name)
    return table.put(record, Provenance.of(record.version, sent_ms, sent_ms))


def item(buffer: Buffer, record_id: str) -> dict[str, Any]:
    answer = buffer.target.dynamodb.get_item(TableName=buffer.target.record_table_name, Key={"id": {"S": record_id}})
    return dict(answer["Item"])


def refuse(**_request: Any) -> Any:
    raise _CRASH


def test_a_letter_goes_back_with_its_body_untouched_and_its_version_alone(buffer: Buffer) -> None:
    body = ' {"id":"1", "n": 1.50, "text": "Ж😀"} '
    version = buffer.dead_letter(body, "put_refused")
    work = send_back(buffer)
    work.run(told_nothing)
    (message,) = buffer.records()
    assert message["Body"] == body
    assert message["MessageAttributes"] == {"version": {"DataType": "String", "StringValue": version}}
    assert buffer.letters() == (0, 0)
    assert (work.tally.wanted, work.tally.sent, work.tally.deleted) == (1, 1, 1)


def test_every_letter_goes_back_once_and_none_stays(buffer: Buffer) -> None:
    versions = sorted([buffer.dead_letter(f'{{"n":{n}}}') for n in range(7)] + [buffer.given_up("{}")])
    send_back(buffer).run(told_nothing)
    assert buffer.record_versions() == versions
    assert buffer.letters() == (0, 0)


def test_a_bare_message_that_sqs_gave_up_keeps_the_version_of_its_deliveries(buffer: Buffer) -> None:
    version = buffer.given_up('{"id":"1"}')
    send_back(buffer).run(told_nothing)
    assert buffer.record_versions() == [version]


def test_a_message_that_sqs_gave_up_keeps_the_version_that_it_came_with(buffer: Buffer) -> None:
    buffer.given_up('{"id":"1"}', version=_OLDER, reason="a producer's own", trace="1")
    send_back(buffer).run(told_nothing)
    (message,) = buffer.records()
    assert message["MessageAttributes"] == {"version": {"DataType": "String", "StringValue": _OLDER}}


@pytest.mark.parametrize("bare", [False, True], ids=["with a version", "bare"])
def test_a_dead_letter_never_overwrites_a_record_that_was_accepted_later(buffer: Buffer, bare: bool) -> None:  # noqa: FBT001 - the case
    record_id = f"newest-{bare}"
    body = f'{{"id":"{record_id}","n":1}}'
    version = buffer.given_up(body) if bare else buffer.dead_letter(body, "put_refused", _OLDER)
    newer = version_of_bare_message("later", 2**47) if bare else _NEWER
    assert newer > version
    table = TableWriter(buffer.target.dynamodb, buffer.target.record_table_name)
    table.put(read_message(body.replace("1}", "2}"), newer, "m", 2**47, KeySchema()), Provenance.of(newer, 0, 0))
    send_back(buffer).run(told_nothing)
    (message,) = buffer.records()
    assert put(buffer, message).superseded
    assert item(buffer, record_id)["n"] == {"N": "2"}


def test_a_crash_between_send_and_delete_loses_nothing_and_the_second_time_changes_nothing(buffer: Buffer) -> None:
    buffer.dead_letter('{"id":"crash","n":1}', "put_refused", _OLDER)
    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, delete_message_batch=refuse)))
    with pytest.raises(RuntimeError, match="the power"):
        work.run(told_nothing)
    assert (work.tally.sent, work.tally.deleted) == (1, 0)
    assert buffer.letters() == (1, 0)
    send_back(buffer).run(told_nothing)
    assert buffer.letters() == (0, 0)
    assert [put(buffer, message).superseded for message in buffer.records()] == [False, True]
    assert item(buffer, "crash")["_forebay"]["M"]["version"] == {"S": _OLDER}


def test_a_crash_before_the_send_leaves_the_letter(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=refuse)))
    with pytest.raises(RuntimeError, match="the power"):
        work.run(told_nothing)
    assert (buffer.letters(), buffer.records()) == ((1, 0), [])


def test_only_what_sqs_confirms_is_deleted(buffer: Buffer) -> None:
    versions = sorted(buffer.dead_letter(f'{{"n":{n}}}') for n in range(4))

    def lose_two(**request: Any) -> Any:
        """One is refused, and one is not even mentioned."""
        answer = buffer.sqs.send_message_batch(**{**request, "Entries": request["Entries"][:2]})
        return {**answer, "Failed": [{"Id": "2", "Code": "InternalError", "SenderFault": False}]}

    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=lose_two)))
    work.run(told_nothing)
    assert (work.tally.sent, work.tally.deleted, work.tally.refused) == (2, 2, 2)
    assert buffer.letters() == (2, 0)
    send_back(buffer).run(told_nothing)
    assert buffer.record_versions() == versions


def test_the_selected_reasons_go_back_and_the_others_stay_visible(buffer: Buffer) -> None:
    for n in range(25):
        buffer.dead_letter(f'{{"n":{n}}}', "key_invalid")
    wanted = sorted([buffer.dead_letter("{", "json_malformed"), buffer.given_up("{}")])
    send_back(buffer, Selection(frozenset({"json_malformed", "received_too_often"}))).run(told_nothing)
    assert buffer.record_versions() == wanted
    assert buffer.letters() == (25, 0)


def test_one_message_goes_back_alone(buffer: Buffer) -> None:
    versions = [buffer.dead_letter(f'{{"n":{n}}}') for n in range(3)]
    send_back(buffer, Selection(message_id=buffer.message_ids()[1])).run(told_nothing)
    assert buffer.record_versions() == [versions[1]]
    assert buffer.letters() == (2, 0)


def test_what_comes_after_the_selection_is_left_alone(buffer: Buffer) -> None:
    """So a record that comes back at once, as bad as it was, does not go round and round."""
    bad = buffer.dead_letter("{", "json_malformed")

    def send_and_get_back(**request: Any) -> Any:
        buffer.dead_letter("{", "json_malformed", bad)
        return buffer.sqs.send_message_batch(**request)

    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send_and_get_back)))
    work.run(told_nothing)
    assert buffer.record_versions() == [bad]
    assert buffer.letters() == (1, 0)


def test_a_letter_without_a_version_that_is_safe_stays(buffer: Buffer) -> None:
    """The consumer had no room for it beside the reason."""
    buffer.dead_letter('"' + "x" * (MESSAGE_BYTES_MAX - 40) + '"', "record_not_an_object")
    good = buffer.dead_letter("{}")
    reading = buffer.dead_letters().read(_ALL, told_nothing)
    assert reading.without_version == 1
    work = send_back(buffer)
    work.run(told_nothing)
    assert (work.tally.sent, work.tally.without_version) == (1, 1)
    assert buffer.record_versions() == [good]
    assert buffer.letters() == (1, 0)


def test_large_letters_go_back_in_requests_that_sqs_takes(buffer: Buffer) -> None:
    sizes = []

    def send(**request: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"]) for entry in request["Entries"]))
        return buffer.sqs.send_message_batch(**request)

    for n in range(3):
        buffer.dead_letter(f'{{"id":"{n}","pad":"{"x" * 500_000}"}}', "record_too_large")
    send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send))).run(told_nothing)
    assert [size // 500_000 for size in sizes] == [2, 1]
    assert buffer.letters() == (0, 0)


def test_a_letter_that_somebody_else_took_is_not_found(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    buffer.dead_letter("{}")
    work = send_back(buffer)
    first, _ = buffer.message_ids()
    Drop(buffer.dead_letters(), [first]).run(told_nothing)
    work.run(told_nothing)
    assert (work.tally.sent, work.tally.not_found) == (1, 1)


def test_a_stop_ends_it_after_the_letters_that_are_under_way(buffer: Buffer) -> None:
    for n in range(25):
        buffer.dead_letter(f'{{"n":{n}}}')

    def send_and_stop(**request: Any) -> Any:
        buffer.stop.make()
        return buffer.sqs.send_message_batch(**request)

    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send_and_stop)))
    work.run(told_nothing)
    assert (work.tally.sent, work.tally.deleted, work.tally.not_found) == (10, 10, 0)
    assert buffer.letters() == (15, 0)


def test_work_that_outlasts_a_scan_goes_on_in_the_next(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one has time for two letters."""
    versions = sorted(buffer.dead_letter(f'{{"n":{n}}}') for n in range(4))
    work = send_back(buffer)
    monkeypatch.setattr("ops.scan.RECEIVE_MESSAGES_MAX", 1)
    ticks = itertools.count(0, 25)
    monkeypatch.setattr("ops.dead_letters.monotonic", lambda: next(ticks))
    work.run(told_nothing)
    assert work.tally.not_found == 0
    assert buffer.record_versions() == versions


def test_progress_is_told_from_nothing_to_all(buffer: Buffer) -> None:
    for _ in range(12):
        buffer.dead_letter("{}")
    told: list[tuple[int, int]] = []
    work = send_back(buffer)
    work.run(lambda done, of: told.append((done, of)))
    assert told == [(0, 12), (10, 12), (12, 12)]


def test_dropped_letters_are_gone_and_the_others_stay_visible(buffer: Buffer) -> None:
    for n in range(13):
        buffer.dead_letter(f'{{"n":{n}}}', ("key_invalid", "json_malformed")[n % 2])
    queue = buffer.dead_letters()
    message_ids = queue.read(Selection(frozenset({"json_malformed"})), told_nothing).message_ids
    work = Drop(queue, message_ids)
    work.run(told_nothing)
    assert (work.tally.deleted, work.tally.sent) == (6, 0)
    assert list(queue.read(_ALL, told_nothing).counts) == ["key_invalid"]
    assert (buffer.letters(), buffer.records()) == ((7, 0), [])


def test_a_letter_that_sqs_does_not_let_go_of_is_counted(buffer: Buffer) -> None:
    buffer.dead_letter("{}")

    def fail(**_request: Any) -> Any:
        return {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}

    queue = buffer.dead_letters(faulty(buffer.sqs, delete_message_batch=fail))
    work = Drop(queue, buffer.message_ids())
    work.run(told_nothing)
    assert (work.tally.deleted, work.tally.refused) == (0, 1)
    assert buffer.letters() == (1, 0)


def test_a_refused_permission_ends_it_with_the_rest_visible(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch")

    def deny(**_request: Any) -> Any:
        raise denied

    work = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=deny)))
    with pytest.raises(ClientError):
        work.run(told_nothing)
    assert (work.tally.sent, buffer.letters()) == (0, (1, 0))
