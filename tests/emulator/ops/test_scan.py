"""A scan reads each dead letter once, and all are visible again however it ends."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ops.scan import IN_FLIGHT_MAX, Scan, hidden_seconds
from ops.stop import StopFlag
from tests.emulator.ops.buffer import Buffer, faulty

_DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ReceiveMessage")


def fill(buffer: Buffer, letters: int) -> None:
    for n in range(letters):
        buffer.dead_letter(f'{{"n":{n}')


def test_a_scan_reads_each_letter_once_and_leaves_all_visible(buffer: Buffer) -> None:
    fill(buffer, 23)
    with buffer.dead_letters().scan() as scan:
        bodies = [letter.body for letters in scan for letter in letters]
        assert buffer.letters() == (0, 23)
    assert sorted(bodies) == sorted(f'{{"n":{n}' for n in range(23))
    assert scan.complete
    assert buffer.letters() == (23, 0)
    assert scan.left_hidden == 0


def test_a_deleted_letter_is_not_made_visible_again(buffer: Buffer) -> None:
    fill(buffer, 3)
    with buffer.dead_letters().scan() as scan:
        first, *_ = [letter for letters in scan for letter in letters]
        url = buffer.target.record_dead_letter_queue_url
        buffer.sqs.delete_message(QueueUrl=url, ReceiptHandle=first.receipt_handle)
        scan.forget(first)
    assert buffer.letters() == (2, 0)
    assert scan.left_hidden == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_letters_are_visible_again_whatever_ended_the_scan(buffer: Buffer, error: type[BaseException]) -> None:
    fill(buffer, 12)

    def scan_and_fail() -> None:
        with buffer.dead_letters().scan() as scan:
            for _ in scan:
                assert buffer.letters() == (2, 10)
                raise error

    with pytest.raises(error):
        scan_and_fail()
    assert buffer.letters() == (12, 0)


def test_letters_are_visible_again_when_a_receive_is_refused(buffer: Buffer) -> None:
    fill(buffer, 12)
    answers = [buffer.sqs.receive_message]

    def receive(**request: Any) -> Any:
        if not answers:
            raise _DENIED
        return answers.pop()(**request)

    with pytest.raises(ClientError), buffer.dead_letters(faulty(buffer.sqs, receive_message=receive)).scan() as scan:
        assert [len(letters) for letters in scan] == [10]
    assert buffer.letters() == (12, 0)


def test_a_stop_ends_the_scan_after_the_receive_in_progress(buffer: Buffer) -> None:
    fill(buffer, 12)
    seen = 0
    with buffer.dead_letters().scan() as scan:
        for letters in scan:
            seen += len(letters)
            buffer.stop.set()
    assert seen == 10
    assert not scan.complete
    assert buffer.letters() == (12, 0)


def test_letters_in_flight_elsewhere_are_not_read_and_not_changed(buffer: Buffer) -> None:
    fill(buffer, 12)
    with buffer.dead_letters().scan() as others:
        in_flight = {letter.message_id for letter in next(iter(others))}
        with buffer.dead_letters().scan() as scan:
            seen = {letter.message_id for letters in scan for letter in letters}
        assert (len(in_flight), len(seen), in_flight & seen) == (10, 2, set())
        assert buffer.letters() == (2, 10)


def test_a_scan_ends_before_the_first_letters_become_visible_again(buffer: Buffer) -> None:
    fill(buffer, 25)
    times = iter([0.0, 0.0, 59.0, 60.0])
    with Scan(buffer.sqs, buffer.target.record_dead_letter_queue_url, 60, StopFlag(), lambda: next(times)) as scan:
        assert sum(len(letters) for letters in scan) == 20
    assert not scan.complete
    assert buffer.letters() == (25, 0)


def test_a_scan_has_at_most_as_many_letters_in_flight_as_sqs_allows(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.scan.IN_FLIGHT_MAX", 10)
    fill(buffer, 12)
    with buffer.dead_letters().scan() as scan:
        assert sum(len(letters) for letters in scan) == 10
    assert not scan.complete
    assert buffer.letters() == (12, 0)


def test_a_letter_that_is_redelivered_during_the_scan_is_returned_once_and_visible_again(buffer: Buffer) -> None:
    fill(buffer, 2)
    url = buffer.target.record_dead_letter_queue_url
    seen = []
    with buffer.dead_letters().scan() as scan:
        for letters in scan:
            seen += [letter.message_id for letter in letters]
            handle = letters[0].receipt_handle
            buffer.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert len(seen) == 2
    assert scan.complete
    assert buffer.letters() == (2, 0)


@pytest.mark.parametrize("error", [_DENIED, EndpointConnectionError(endpoint_url="http://sqs")])
def test_letters_that_cannot_be_made_visible_are_counted_and_raise_nothing(buffer: Buffer, error: Exception) -> None:
    fill(buffer, 12)

    def refuse(**_request: Any) -> Any:
        raise error

    with buffer.dead_letters(faulty(buffer.sqs, change_message_visibility_batch=refuse)).scan() as scan:
        assert sum(len(letters) for letters in scan) == 12
    assert scan.left_hidden == 12
    assert buffer.letters() == (0, 12)


def test_letters_are_hidden_for_as_long_as_a_scan_of_so_many_takes_and_at_most_for_12_hours() -> None:
    assert [hidden_seconds(letters) for letters in (0, 1000, IN_FLIGHT_MAX)] == [60, 110, 6060]
    assert hidden_seconds(10**9) == 12 * 3600
