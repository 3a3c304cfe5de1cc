"""`dead-letters send-back` and `drop`: what an operator types, and what is said and done."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.ops.buffer import Buffer
from tests.emulator.ops.commands import FAILED, SECRET, letters, through


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], str]) -> list[str]:
    """Whoever sits at the terminal answers so. Returns what was asked, as it is asked."""
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return answer(prompt)

    monkeypatch.setattr("builtins.input", ask)
    return asked


def test_send_back_sends_all_and_says_how_many(buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str]) -> None:
    versions = sorted(buffer.dead_letter(f'{{"id":"{SECRET}{n}"}}', "put_refused") for n in range(3))
    assert letters("send-back", "--per-second", "1000", local) == 0
    said = capsys.readouterr()
    assert said.out.startswith("3 dead letters to send back in the local stack on port 8123\n\n")
    assert said.out.endswith("\n\n3 of 3 dead letters sent back.\n")
    assert SECRET not in said.out + said.err
    assert buffer.record_versions() == versions
    assert buffer.letters() == (0, 0)


@pytest.mark.parametrize("option", ["--reason=key_invalid", "--message"])
def test_send_back_sends_what_is_selected(buffer: Buffer, local: str, option: str) -> None:
    buffer.dead_letter("{", "json_malformed")
    version = buffer.dead_letter("{}", "key_invalid")
    chosen = [option] if "=" in option else [option, buffer.message_ids()[1]]
    assert letters("send-back", *chosen, local) == 0
    assert buffer.record_versions() == [version]
    assert buffer.letters() == (1, 0)


def test_reasons_may_be_repeated(buffer: Buffer, local: str) -> None:
    versions = sorted([buffer.dead_letter("{", "json_malformed"), buffer.dead_letter("{}", "key_invalid")])
    buffer.dead_letter("{}", "put_refused")
    assert letters("send-back", "--reason", "key_invalid", "--reason", "json_malformed", local) == 0
    assert buffer.record_versions() == versions


@pytest.mark.parametrize("command", ["send-back", "drop"])
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for _ in range(30):
        buffer.dead_letter("{")
    assert letters(command, "--dry-run", local) == 0
    said = capsys.readouterr().out
    assert said.startswith("30 dead letters to ")
    assert "json_malformed       30" in said
    assert said.endswith("Nothing was changed.\n")
    assert command == "drop" or "about 3 s" in said
    assert (buffer.letters(), buffer.records()) == ((30, 0), [])


@pytest.mark.parametrize("command", ["send-back", "drop"])
def test_a_reason_that_none_has_is_answered_with_those_that_there_are(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    buffer.dead_letter("{", "json_malformed")
    assert letters(command, "--reason", "json_malfromed", local) == 0
    said = capsys.readouterr().out
    assert said.startswith("No dead letters to ")
    assert "json_malformed        1" in said
    assert buffer.letters() == (1, 0)


def test_drop_deletes_once_the_number_is_typed(
    buffer: Buffer, local: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        buffer.dead_letter("{", ("key_invalid", "json_malformed")[n % 2])
    asked = answering(monkeypatch, lambda _: " 3 ")
    assert letters("drop", "--reason", "key_invalid", local) == 0
    assert asked == ["Type 3 to drop them for ever: "]
    assert capsys.readouterr().out.endswith("3 of 3 dead letters dropped.\n")
    assert buffer.letters() == (2, 0)


def _nobody(_prompt: str) -> str:
    raise EOFError


def _control_c(_prompt: str) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize("answer", [lambda _: "y", lambda _: "", lambda _: "22", _nobody, _control_c])
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


def test_while_drop_asks_nobody_is_kept_from_the_letters(
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


def test_drop_asks_nothing_with_yes(buffer: Buffer, local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer.dead_letter("{")
    asked = answering(monkeypatch, _nobody)
    assert letters("drop", "--yes", local) == 0
    assert (asked, buffer.letters()) == ([], (0, 0))


def test_an_error_in_between_says_what_has_been_done_and_is_one_line(
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
    said = capsys.readouterr()
    assert said.out.endswith("10 of 12 dead letters sent back.\n")
    assert said.err.splitlines()[-1] == "forebay: AWS does not allow SendMessageBatch: not you"
    assert buffer.letters() == (2, 0)


@pytest.mark.parametrize(
    "case",
    [
        ("send_message_batch", "1 dead letter stayed, because SQS refused: try again."),
        ("delete_message_batch", "1 record went back and could not be deleted here: still in both queues."),
        ("change_message_visibility_batch", "1 dead letter could not be found any more: gone, or held by somebody"),
    ],
)
def test_what_could_not_be_done_is_told_and_is_a_failure(
    buffer: Buffer,
    local: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str],
) -> None:
    call, told = case
    buffer.dead_letter("{}")
    through(monkeypatch, buffer, **{call: lambda **_: FAILED})
    assert letters("send-back", local) == 1
    assert told in capsys.readouterr().out
