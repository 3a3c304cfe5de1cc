"""`dead-letters send-back` and `drop`: what an operator types, and what they print and do."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.ops.buffer import Buffer
from tests.emulator.ops.commands import FAILED, SECRET, letters, through


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], str]) -> list[str]:
    """Answers the prompts like this. Returns a list to which every prompt is added."""
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return answer(prompt)

    monkeypatch.setattr("builtins.input", ask)
    return asked


def test_send_back_sends_all_back_and_prints_how_many(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = sorted(buffer.dead_letter(f'{{"id":"{SECRET}{n}"}}', "put_refused") for n in range(3))
    assert letters("send-back", "--per-second", "1000", local) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("3 dead letters to send back in the local stack on port 8123\n\n")
    assert printed.out.endswith("\n\n3 of 3 dead letters sent back.\n")
    assert SECRET not in printed.out + printed.err
    assert buffer.record_versions() == versions
    assert buffer.letters() == (0, 0)


@pytest.mark.parametrize("option", ["--reason=key_invalid", "--message"])
def test_send_back_sends_only_the_selected_letters(buffer: Buffer, local: str, option: str) -> None:
    buffer.dead_letter("{", "json_malformed")
    version = buffer.dead_letter("{}", "key_invalid")
    chosen = [option] if "=" in option else [option, buffer.message_ids()[1]]
    assert letters("send-back", *chosen, local) == 0
    assert buffer.record_versions() == [version]
    assert buffer.letters() == (1, 0)


def test_several_reasons_can_be_selected(buffer: Buffer, local: str) -> None:
    versions = sorted([buffer.dead_letter("{", "json_malformed"), buffer.dead_letter("{}", "key_invalid")])
    buffer.dead_letter("{}", "put_refused")
    assert letters("send-back", "--reason", "key_invalid", "--reason", "json_malformed", local) == 0
    assert buffer.record_versions() == versions


@pytest.mark.parametrize("command", ["send-back", "drop"])
def test_a_dry_run_prints_what_would_be_done_and_changes_nothing(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for _ in range(30):
        buffer.dead_letter("{")
    assert letters(command, "--dry-run", local) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("30 dead letters to ")
    assert "json_malformed       30" in printed
    assert printed.endswith("Nothing was changed.\n")
    assert command == "drop" or "about 3 s" in printed
    assert (buffer.letters(), buffer.records()) == ((30, 0), [])


@pytest.mark.parametrize("command", ["send-back", "drop"])
def test_for_a_reason_that_no_letter_has_the_existing_reasons_are_printed(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    buffer.dead_letter("{", "json_malformed")
    assert letters(command, "--reason", "json_malfromed", local) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("No dead letters to ")
    assert "json_malformed        1" in printed
    assert buffer.letters() == (1, 0)


def test_drop_deletes_after_the_number_has_been_typed(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        buffer.dead_letter("{", ("key_invalid", "json_malformed")[n % 2])
    asked = answering(monkeypatch, lambda _: " 3 ")
    assert letters("drop", "--reason", "key_invalid", local) == 0
    assert asked == ["Type 3 to drop them for ever: "]
    assert capsys.readouterr().out.endswith("3 of 3 dead letters dropped.\n")
    assert buffer.letters() == (2, 0)


def _end_of_input(_prompt: str) -> str:
    raise EOFError


def _control_c(_prompt: str) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize("answer", [lambda _: "y", lambda _: "", lambda _: "22", _end_of_input, _control_c])
def test_drop_deletes_nothing_on_any_other_answer(
    buffer: Buffer,
    local: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[str], str],
) -> None:
    buffer.dead_letter("{")
    buffer.dead_letter("{")
    answering(monkeypatch, answer)
    assert letters("drop", local) == (130 if answer is _control_c else 1)
    assert capsys.readouterr().out.endswith("Nothing was dropped.\n")
    assert buffer.letters() == (2, 0)


def test_while_drop_waits_for_the_answer_the_letters_are_visible(
    buffer: Buffer, local: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer.dead_letter("{")
    seen = []

    def answer(_prompt: str) -> str:
        seen.append(buffer.letters())
        buffer.dead_letter("{", "comes later")
        return "1"

    answering(monkeypatch, answer)
    assert letters("drop", local) == 0
    assert (seen, buffer.letters()) == ([(1, 0)], (1, 0))


def test_drop_yes_does_not_ask(buffer: Buffer, local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer.dead_letter("{")
    asked = answering(monkeypatch, _end_of_input)
    assert letters("drop", "--yes", local) == 0
    assert (asked, buffer.letters()) == ([], (0, 0))


def test_after_an_error_the_summary_and_one_line_about_the_error_are_printed(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        buffer.dead_letter(SECRET)
    calls = [buffer.sqs.send_message_batch]

    def send(**request: Any) -> Any:
        if calls:
            return calls.pop()(**request)
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "SendMessageBatch")

    through(monkeypatch, buffer, send_message_batch=send)
    assert letters("send-back", "--per-second", "1000", local) == 1
    printed = capsys.readouterr()
    assert printed.out.endswith("10 of 12 dead letters sent back.\n")
    assert printed.err.splitlines()[-1] == "forebay: AWS does not allow SendMessageBatch: not you"
    assert buffer.letters() == (2, 0)


@pytest.mark.parametrize(
    "case",
    [
        ("send_message_batch", "1 dead letter stayed, because SQS refused the call: try again."),
        ("delete_message_batch", "1 record could be sent but not deleted here: now in both queues."),
        ("change_message_visibility_batch", "1 dead letter not found any more: deleted, or somebody else reads"),
    ],
)
def test_a_letter_that_could_not_be_processed_is_in_the_summary_and_the_command_fails(
    buffer: Buffer,
    local: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str],
) -> None:
    call, message = case
    buffer.dead_letter("{}")
    through(monkeypatch, buffer, **{call: lambda **_: FAILED})
    assert letters("send-back", local) == 1
    assert message in capsys.readouterr().out
