"""Sending back and dropping: nothing is lost, nothing newer is overwritten, and other letters are left alone."""

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from consumer.table import Put, TableWriter
from ops.dead_letter_queue import DeadLetterQueue, Selection
from ops.rate_limit import RateLimit
from ops.send_back_and_drop import Drop, SendBack
from records.item import Provenance
from records.key import KeySchema
from records.limits import MESSAGE_BYTES_MAX
from records.message import read_message
from records.version import version_of_bare_message
from tests.emulator.ops.buffer import Buffer, faulty, ignore_progress

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_ALL = Selection()
_OLDER, _NEWER = "01a2074d-f08d-7356-ac50-434b86e031a3", "01a2074d-f08d-7356-ac50-434b86e031a4"
_CRASH = RuntimeError("the power is gone")


def send_back(buffer: Buffer, selection: Selection = _ALL, *, queue: DeadLetterQueue | None = None) -> SendBack:
    """Selects letters and prepares to send them back, at a rate that causes no waits."""
    queue = queue or buffer.dead_letters()
    message_ids = queue.read(selection, ignore_progress).message_ids
    return SendBack(queue, buffer.target.record_queue_url, message_ids, RateLimit(1_000_000, buffer.stop.wait))


def put(buffer: Buffer, message: "MessageTypeDef") -> Put:
    """Puts a message as the consumer does."""
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


def test_a_letter_is_sent_back_with_its_body_unchanged_and_the_version_as_its_only_attribute(buffer: Buffer) -> None:
    body = ' {"id":"1", "n": 1.50, "text": "Ж😀"} '
    version = buffer.dead_letter(body, "put_refused")
    action = send_back(buffer)
    action.run(ignore_progress)
    (message,) = buffer.records()
    assert message["Body"] == body
    assert message["MessageAttributes"] == {"version": {"DataType": "String", "StringValue": version}}
    assert buffer.letters() == (0, 0)
    assert (action.tally.selected, action.tally.sent, action.tally.deleted) == (1, 1, 1)


def test_every_letter_is_sent_back_once_and_none_stays(buffer: Buffer) -> None:
    versions = sorted([buffer.dead_letter(f'{{"n":{n}}}') for n in range(7)] + [buffer.received_too_often("{}")])
    send_back(buffer).run(ignore_progress)
    assert buffer.record_versions() == versions
    assert buffer.letters() == (0, 0)


def test_deleted_letters_are_not_made_visible_again(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    queue = buffer.dead_letters(faulty(buffer.sqs, change_message_visibility_batch=refuse))
    Drop(queue, buffer.message_ids()).run(ignore_progress)
    assert buffer.letters() == (0, 0)


def test_a_bare_message_that_sqs_moved_keeps_the_version_of_its_deliveries(buffer: Buffer) -> None:
    version = buffer.received_too_often('{"id":"1"}')
    send_back(buffer).run(ignore_progress)
    assert buffer.record_versions() == [version]


def test_a_message_that_sqs_moved_keeps_its_version_attribute(buffer: Buffer) -> None:
    buffer.received_too_often('{"id":"1"}', version=_OLDER, reason="a producer's own", trace="1")
    send_back(buffer).run(ignore_progress)
    (message,) = buffer.records()
    assert message["MessageAttributes"] == {"version": {"DataType": "String", "StringValue": _OLDER}}


@pytest.mark.parametrize("bare", [False, True], ids=["with a version", "bare"])
def test_a_dead_letter_never_overwrites_a_record_that_was_accepted_later(buffer: Buffer, *, bare: bool) -> None:
    record_id = f"newest-{bare}"
    body = f'{{"id":"{record_id}","n":1}}'
    version = buffer.received_too_often(body) if bare else buffer.dead_letter(body, "put_refused", _OLDER)
    newer = version_of_bare_message("later", 2**47) if bare else _NEWER
    assert newer > version
    table = TableWriter(buffer.target.dynamodb, buffer.target.record_table_name)
    table.put(read_message(body.replace("1}", "2}"), newer, "m", 2**47, KeySchema()), Provenance.of(newer, 0, 0))
    send_back(buffer).run(ignore_progress)
    (message,) = buffer.records()
    assert put(buffer, message).superseded
    assert item(buffer, record_id)["n"] == {"N": "2"}


def test_after_a_crash_between_send_and_delete_nothing_is_lost_and_sending_again_changes_nothing(
    buffer: Buffer,
) -> None:
    buffer.dead_letter('{"id":"crash","n":1}', "put_refused", _OLDER)
    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, delete_message_batch=refuse)))
    with pytest.raises(RuntimeError, match="the power"):
        action.run(ignore_progress)
    assert (action.tally.sent, action.tally.deleted) == (1, 0)
    assert buffer.letters() == (1, 0)
    send_back(buffer).run(ignore_progress)
    assert buffer.letters() == (0, 0)
    assert [put(buffer, message).superseded for message in buffer.records()] == [False, True]
    assert item(buffer, "crash")["_forebay"]["M"]["version"] == {"S": _OLDER}


def test_after_a_crash_before_the_send_the_letter_is_still_there(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=refuse)))
    with pytest.raises(RuntimeError, match="the power"):
        action.run(ignore_progress)
    assert (buffer.letters(), buffer.records()) == ((1, 0), [])


def test_only_letters_that_sqs_has_confirmed_are_deleted(buffer: Buffer) -> None:
    versions = sorted(buffer.dead_letter(f'{{"n":{n}}}') for n in range(4))

    def lose_two(**request: Any) -> Any:
        """One is refused, and one is not even mentioned."""
        answer = buffer.sqs.send_message_batch(**{**request, "Entries": request["Entries"][:2]})
        return {**answer, "Failed": [{"Id": "2", "Code": "InternalError", "SenderFault": False}]}

    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=lose_two)))
    action.run(ignore_progress)
    assert (action.tally.sent, action.tally.deleted, action.tally.refused) == (2, 2, 2)
    assert buffer.letters() == (2, 0)
    send_back(buffer).run(ignore_progress)
    assert buffer.record_versions() == versions


def test_letters_with_the_selected_reasons_are_sent_back_and_the_others_stay_visible(buffer: Buffer) -> None:
    for n in range(25):
        buffer.dead_letter(f'{{"n":{n}}}', "key_invalid")
    wanted = sorted([buffer.dead_letter("{", "json_malformed"), buffer.received_too_often("{}")])
    send_back(buffer, Selection(frozenset({"json_malformed", "received_too_often"}))).run(ignore_progress)
    assert buffer.record_versions() == wanted
    assert buffer.letters() == (25, 0)


def test_a_single_selected_message_is_sent_back(buffer: Buffer) -> None:
    versions = [buffer.dead_letter(f'{{"n":{n}}}') for n in range(3)]
    send_back(buffer, Selection(message_id=buffer.message_ids()[1])).run(ignore_progress)
    assert buffer.record_versions() == [versions[1]]
    assert buffer.letters() == (2, 0)


def test_a_letter_that_arrives_after_the_selection_is_left_alone(buffer: Buffer) -> None:
    """So a record that is dead-lettered again at once is not sent back for ever."""
    bad = buffer.dead_letter("{", "json_malformed")

    def send_and_get_back(**request: Any) -> Any:
        buffer.dead_letter("{", "json_malformed", bad)
        return buffer.sqs.send_message_batch(**request)

    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send_and_get_back)))
    action.run(ignore_progress)
    assert buffer.record_versions() == [bad]
    assert buffer.letters() == (1, 0)


def test_a_letter_without_a_version_stays(buffer: Buffer) -> None:
    """The attribute did not fit into the message beside the reason."""
    buffer.dead_letter('"' + "x" * (MESSAGE_BYTES_MAX - 40) + '"', "record_not_an_object")
    good = buffer.dead_letter("{}")
    result = buffer.dead_letters().read(_ALL, ignore_progress)
    assert result.must_stay == 1
    action = send_back(buffer)
    action.run(ignore_progress)
    assert (action.tally.sent, action.tally.must_stay) == (1, 1)
    assert buffer.record_versions() == [good]
    assert buffer.letters() == (1, 0)


def test_what_the_api_dead_lettered_is_sent_back_under_its_version_but_not_what_no_message_can_hold(
    buffer: Buffer,
) -> None:
    version = buffer.refused_leniently(b'{"id":"42","n":1e126}', "number_out_of_range")
    buffer.refused_leniently(b"\xff")
    action = send_back(buffer)
    action.run(ignore_progress)
    assert (action.tally.sent, action.tally.must_stay) == (1, 1)
    (record,) = buffer.records()
    assert record["Body"] == '{"id":"42","n":1e126}'
    assert set(record["MessageAttributes"]) == {"version"}
    assert record["MessageAttributes"]["version"]["StringValue"] == version
    assert buffer.letters() == (1, 0)


def test_large_letters_are_sent_back_in_batches_within_the_limit_of_sqs(buffer: Buffer) -> None:
    sizes = []

    def send(**request: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"]) for entry in request["Entries"]))
        return buffer.sqs.send_message_batch(**request)

    for n in range(3):
        buffer.dead_letter(f'{{"id":"{n}","pad":"{"x" * 500_000}"}}', "record_too_large")
    send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send))).run(ignore_progress)
    assert [size // 500_000 for size in sizes] == [2, 1]
    assert buffer.letters() == (0, 0)


def test_a_letter_that_somebody_else_deleted_is_not_found(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    buffer.dead_letter("{}")
    action = send_back(buffer)
    first, _ = buffer.message_ids()
    Drop(buffer.dead_letters(), [first]).run(ignore_progress)
    action.run(ignore_progress)
    assert (action.tally.sent, action.tally.not_found) == (1, 1)


def test_a_stop_ends_the_action_after_the_batch_in_progress(buffer: Buffer) -> None:
    for n in range(25):
        buffer.dead_letter(f'{{"n":{n}}}')

    def send_and_stop(**request: Any) -> Any:
        buffer.stop.set()
        return buffer.sqs.send_message_batch(**request)

    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=send_and_stop)))
    action.run(ignore_progress)
    assert (action.tally.sent, action.tally.deleted, action.tally.not_found) == (10, 10, 0)
    assert buffer.letters() == (15, 0)


def test_an_action_that_takes_longer_than_a_scan_continues_in_the_next(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a scan has time for two letters."""
    versions = sorted(buffer.dead_letter(f'{{"n":{n}}}') for n in range(4))
    step, ticks = [0], itertools.count()
    action = send_back(buffer, queue=buffer.dead_letters(monotonic=lambda: next(ticks) * step[0]))
    monkeypatch.setattr("ops.scan.RECEIVE_MESSAGES_MAX", 1)
    step[0] = 25
    action.run(ignore_progress)
    assert action.tally.not_found == 0
    assert buffer.record_versions() == versions


def test_progress_is_reported_from_none_to_all(buffer: Buffer) -> None:
    for _ in range(12):
        buffer.dead_letter("{}")
    reported: list[tuple[int, int]] = []
    action = send_back(buffer)
    action.run(lambda done, of: reported.append((done, of)))
    assert reported == [(0, 12), (10, 12), (12, 12)]


def test_dropped_letters_are_deleted_and_the_others_stay_visible(buffer: Buffer) -> None:
    for n in range(13):
        buffer.dead_letter(f'{{"n":{n}}}', ("key_invalid", "json_malformed")[n % 2])
    queue = buffer.dead_letters()
    message_ids = queue.read(Selection(frozenset({"json_malformed"})), ignore_progress).message_ids
    action = Drop(queue, message_ids)
    action.run(ignore_progress)
    assert (action.tally.deleted, action.tally.sent) == (6, 0)
    assert list(queue.read(_ALL, ignore_progress).counts) == ["key_invalid"]
    assert (buffer.letters(), buffer.records()) == ((7, 0), [])


def test_a_letter_that_cannot_be_deleted_is_counted_as_refused(buffer: Buffer) -> None:
    buffer.dead_letter("{}")

    def fail(**_request: Any) -> Any:
        return {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}

    queue = buffer.dead_letters(faulty(buffer.sqs, delete_message_batch=fail))
    action = Drop(queue, buffer.message_ids())
    action.run(ignore_progress)
    assert (action.tally.deleted, action.tally.refused) == (0, 1)
    assert buffer.letters() == (1, 0)


def test_a_denied_permission_ends_the_action_and_the_letters_stay_visible(buffer: Buffer) -> None:
    buffer.dead_letter("{}")
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch")

    def deny(**_request: Any) -> Any:
        raise denied

    action = send_back(buffer, queue=buffer.dead_letters(faulty(buffer.sqs, send_message_batch=deny)))
    with pytest.raises(ClientError):
        action.run(ignore_progress)
    assert (action.tally.sent, buffer.letters()) == (0, (1, 0))
