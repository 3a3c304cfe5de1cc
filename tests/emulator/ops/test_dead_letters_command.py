"""`dead-letters list` and `show`, and properties of every `dead-letters` command."""

import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.emulator.ops.buffer import Buffer
from tests.emulator.ops.commands import FAILED, SECRET, letters, through

_HOUR_MS = 3_600_000
_CLEAR = "\x1b[2J"


def test_list_counts_letters_by_reason_with_the_oldest_and_the_newest(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(12):
        buffer.dead_letter(SECRET, "json_malformed", at_ms=n * _HOUR_MS)
    buffer.received_too_often(f'{{"id":"{SECRET}"}}')
    assert letters("list", local) == 0
    printed = capsys.readouterr()
    heading, _, columns, *rows = printed.out.splitlines()
    assert heading == "13 dead letters in the local stack on port 8123"
    assert columns == "  reason              letters  oldest                    newest                    first expires"
    assert [row[: columns.index("first expires")] for row in rows] == [
        "  json_malformed           12  1970-01-01T00:00:00.000Z  1970-01-01T11:00:00.000Z  ",
        "  received_too_often        1  -                         -                         ",
    ]
    for row in rows:
        left = datetime.fromisoformat(row[columns.index("first expires") :]) - datetime.now(UTC)
        assert timedelta(days=14, minutes=-5) < left <= timedelta(days=14)
    assert printed.err == "read 10 of about 13 dead letters\n"
    assert buffer.letters() == (13, 0)


def test_list_of_an_empty_queue_prints_0_dead_letters(local: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert letters("list", local) == 0
    assert capsys.readouterr().out == "0 dead letters in the local stack on port 8123\n"


def test_list_each_shows_key_sizes_and_detail_but_no_other_contents(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f'{{"id":"42","note":"{SECRET}"}}'
    buffer.dead_letter(body, "put_refused")
    (message_id,) = buffer.message_ids()
    assert letters("list", "--each", local) == 0
    printed = capsys.readouterr().out
    (line,) = [line for line in printed.splitlines() if message_id in line]
    pattern = rf"  {message_id}  put_refused  {len(body)} B    \d+ B  42   why it is put_refused"
    assert re.fullmatch(pattern, line)
    assert SECRET not in printed


def test_list_shows_only_letters_with_the_reason_and_at_most_the_limit(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(6):
        buffer.dead_letter("{", ("key_invalid", "json_malformed")[n % 2])
    assert letters("list", "--reason", "key_invalid", "--limit", "2", local) == 0
    printed = capsys.readouterr().out
    assert (printed.count("why it is key_invalid"), printed.count("why it is json_malformed")) == (2, 0)
    assert printed.endswith("  … and 1 more: --limit\n")
    assert letters("list", "--reason", "no_such", local) == 0
    assert capsys.readouterr().out.endswith("\n\nNone has this reason.\n")


def test_list_warns_of_letters_that_somebody_else_reads(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    buffer.dead_letter("{")
    with buffer.dead_letters().scan() as others:
        list(others)
        assert letters("list", local) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("0 dead letters")
    assert "About 1 more dead letter cannot be seen now" in printed.err


def test_no_control_characters_of_a_record_reach_a_terminal(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    escaped = _CLEAR.replace("\x1b", "\\u001b")
    buffer.dead_letter(f'{{"id":"{escaped}\\u009b","b":"\u009b"}}', "put_refused")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert letters("list", "--each", local) == 0
    assert letters("show", *buffer.message_ids(), local) == 0
    printed = capsys.readouterr().out
    assert "\\x1b[2J\\x9b" in printed
    assert not set(printed) & {"\x1b", "\u009b"}
    buffer.dead_letter("{", f"reason{_CLEAR}")
    assert letters("list", local) == 0
    printed = capsys.readouterr().out
    assert "reason\\x1b[2J" in printed
    assert "\x1b" not in printed


def test_show_prints_everything_about_one_letter(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f' {{"id":"42","note":"{SECRET}"}}\n'
    version = buffer.dead_letter(body, "put_refused", at_ms=_HOUR_MS)
    (message_id,) = buffer.message_ids()
    assert letters("show", message_id, local) == 0
    printed = capsys.readouterr().out
    before_body, _, after = printed.partition("\n\n" + body[:10])
    assert body[:10] + after == body + "\n"
    lines = [line.split(maxsplit=1) for line in before_body.splitlines() if line]
    assert ["message", message_id] in lines
    assert ["version", version] in lines
    assert ["dead-lettered", "1970-01-01T01:00:00.000Z"] in lines
    assert ["detail", "String  why it is put_refused"] in lines
    assert buffer.letters() == (1, 0)


def test_show_body_prints_the_body_byte_for_byte_and_nothing_else(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = ' {"id":"42",\u0085"note":"Ж😀"}\n'
    buffer.dead_letter(body)
    assert letters("show", *buffer.message_ids(), "--body", local) == 0
    assert capsys.readouterr().out == body


def test_what_the_api_dead_lettered_is_shown_with_its_source_and_its_text_byte_for_byte(
    buffer: Buffer, local: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = b'{"id":"42","a":"\xff\x00"}\r'
    buffer.refused_leniently(text)
    (message_id,) = buffer.message_ids()
    assert letters("show", message_id, local) == 0
    lines = [line.split(maxsplit=1) for line in capsysbinary.readouterr().out.decode().splitlines()]
    assert ["source", "record 3 of request request-7"] in lines
    assert ["version", "none to send it back with: it has to stay"] in lines
    assert letters("show", message_id, "--body", local) == 0
    assert capsysbinary.readouterr().out == text
    assert letters("list", "--each", local) == 0
    assert b"json_malformed" in capsysbinary.readouterr().out


@pytest.mark.parametrize("command", ["show", "send-back --message", "drop --message"])
def test_an_unknown_message_id_is_an_error(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    buffer.dead_letter("{")
    assert letters(*command.split(), "no-such-id", local) == 1
    assert "forebay: no dead letter no-such-id in the local stack on port 8123" in capsys.readouterr().err
    assert buffer.letters() == (1, 0)


@pytest.mark.parametrize("command", ["list", "send-back", "drop"])
def test_an_interrupt_while_the_letters_are_read_changes_nothing(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for _ in range(12):
        buffer.dead_letter("{")

    def receive(**request: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return buffer.sqs.receive_message(**request)

    through(monkeypatch, buffer, receive_message=receive)
    assert letters(command, local) == 130
    printed = capsys.readouterr()
    assert (
        "The queue was not read to its end" in printed.err if command == "list" else printed.out.startswith("Stopped. ")
    )
    assert (buffer.letters(), buffer.records()) == ((12, 0), [])


def test_a_warning_says_how_many_letters_stay_hidden_and_for_how_long(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer.dead_letter("{}")
    through(monkeypatch, buffer, change_message_visibility_batch=lambda **_: FAILED)
    assert letters("list", local) == 0
    warning = "1 dead letter could not be made visible again at once: SQS does it by itself within 60 s.\n"
    assert capsys.readouterr().err.endswith(warning)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--limit", "0"],
        ["show"],
        ["send-back", "--per-second", "0"],
        ["send-back", "--per-second", "many"],
        ["send-back", "--reason", "a", "--message", "b"],
        ["drop", "--stack", "a", "--local=1"],
        ["list", "--local=70000"],
        ["no-such-command"],
        [],
    ],
)
def test_invalid_arguments_are_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        letters(*arguments)
    assert caught.value.code == 2
