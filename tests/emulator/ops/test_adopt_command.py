"""`adopt`: the messages of a deleted stack's queue come into this stack's, under their versions."""

from collections.abc import Iterator
from typing import Any

import pytest

from ops.__main__ import main
from records.version import version_of_bare_message
from tests.emulator.ops.buffer import Buffer
from tests.emulator.ops.commands import FAILED, SECRET, through


@pytest.fixture
def old_queue(buffer: Buffer) -> Iterator[str]:
    url = buffer.sqs.create_queue(QueueName=f"old-{buffer.target.record_queue_url.rpartition('/')[2]}")["QueueUrl"]
    yield url
    buffer.sqs.delete_queue(QueueUrl=url)


def send(buffer: Buffer, url: str, body: str, version: str | None = None) -> str:
    """Returns the version that the consumer would give it."""
    given: Any = {"version": {"DataType": "String", "StringValue": version}} if version else {}
    message_id = buffer.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=given)["MessageId"]
    if version:
        return version
    (message,) = buffer.sqs.receive_message(
        QueueUrl=url, VisibilityTimeout=0, MessageSystemAttributeNames=["SentTimestamp"]
    )["Messages"]
    assert message["MessageId"] == message_id
    return version_of_bare_message(message_id, int(message["Attributes"]["SentTimestamp"]))


def waiting(buffer: Buffer, url: str) -> tuple[int, int]:
    answer = buffer.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(answer["ApproximateNumberOfMessages"]), int(answer["ApproximateNumberOfMessagesNotVisible"])


def test_every_message_is_moved_under_its_version_and_the_old_queue_is_empty(
    buffer: Buffer, local: str, old_queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = [send(buffer, old_queue, f'{{"id":"{SECRET}"}}')]
    versions += [send(buffer, old_queue, f'{{"id":"{n}"}}', f"018bcfe5-687b-7000-8000-{n:012}") for n in range(8)]
    assert main(["adopt", old_queue, "--per-second", "1000", local]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("About 9 messages to move to the local stack on port 8123, in about ")
    assert printed.out.endswith("\n9 messages moved.\n")
    assert SECRET not in printed.out + printed.err
    assert waiting(buffer, old_queue) == (0, 0)
    assert buffer.record_versions() == sorted(versions)


def test_a_dry_run_counts_what_can_be_moved_and_what_is_still_hidden_and_changes_nothing(
    buffer: Buffer, local: str, old_queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(3):
        send(buffer, old_queue, f'{{"id":"{n}"}}', f"018bcfe5-687b-7000-8000-{n:012}")
    buffer.sqs.receive_message(QueueUrl=old_queue, MaxNumberOfMessages=1, VisibilityTimeout=600)
    assert main(["adopt", old_queue, "--dry-run", local]) == 0
    printed = capsys.readouterr().out
    assert "About 2 messages to move" in printed
    assert "About 1 more message cannot be received yet" in printed
    assert printed.endswith("Nothing was changed.\n")
    assert waiting(buffer, old_queue) == (2, 1)
    assert buffer.records() == []


def test_what_sqs_does_not_confirm_stays_and_a_second_run_moves_it(
    buffer: Buffer, local: str, old_queue: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = send(buffer, old_queue, '{"id":"1"}', "018bcfe5-687b-7000-8000-000000000001")
    with monkeypatch.context() as broken:
        through(broken, buffer, send_message_batch=lambda **_: FAILED)
        assert main(["adopt", old_queue, local]) == 1
    assert "1 message stayed, because SQS refused the call: try again." in capsys.readouterr().out
    assert waiting(buffer, old_queue) == (1, 0)
    assert main(["adopt", old_queue, local]) == 0
    assert buffer.record_versions() == [version]


def test_what_was_sent_and_not_deleted_may_be_moved_again(
    buffer: Buffer, local: str, old_queue: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = send(buffer, old_queue, '{"id":"1"}', "018bcfe5-687b-7000-8000-000000000001")
    with monkeypatch.context() as broken:
        through(broken, buffer, delete_message_batch=lambda **_: FAILED)
        main(["adopt", old_queue, local])
    assert "1 message could be sent but not deleted: now in both queues" in capsys.readouterr().out
    assert main(["adopt", old_queue, local]) == 0
    assert set(buffer.record_versions()) == {version}
    assert waiting(buffer, old_queue) == (0, 0)


def test_a_stacks_own_queues_are_not_adopted(buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]) -> None:
    for url in (buffer.target.record_queue_url, buffer.target.record_dead_letter_queue_url):
        assert main(["adopt", url, local]) == 1
        assert "is a queue of the local stack on port 8123 itself" in capsys.readouterr().err
