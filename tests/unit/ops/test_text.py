"""How the commands write: lines, tables, durations, and progress on a terminal and elsewhere."""

import io

import pytest

from ops.progress import Progress
from ops.text import count, duration, printable, shortened, table


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def progressed(*, terminal: bool) -> str:
    stream, now = Stream(terminal=terminal), 0.0
    progress = Progress(stream, lambda: now)
    for n in range(25):
        now = n / 4
        progress.tell(f"{n}")
        progress.tell("too soon")
    progress.end()
    return stream.getvalue()


def test_on_a_terminal_progress_is_one_line_that_is_written_again_and_cleared() -> None:
    said = progressed(terminal=True)
    assert said.startswith("\r0\x1b[K\r1\x1b[K")
    assert said.endswith("\r24\x1b[K\r\x1b[K")
    assert "\n" not in said
    assert "too soon" not in said


def test_elsewhere_progress_is_a_line_at_once_and_then_every_few_seconds() -> None:
    assert progressed(terminal=False) == "0\n20\n"


def test_work_that_told_nothing_has_nothing_to_clear() -> None:
    stream = Stream(terminal=True)
    Progress(stream).end()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_durations_are_about(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert printable("a\x1b[2J\n\u202e\u009bЖ😀 ") == "a\\x1b[2J\\n\\u202e\\x9bЖ😀 "


def test_numbers_and_their_nouns_agree() -> None:
    assert [count(number, "letter") for number in (0, 1, 1200)] == ["0 letters", "1 letter", "1,200 letters"]


def test_long_texts_are_shortened_to_the_length() -> None:
    assert [shortened(text, 3) for text in ("abc", "abcd")] == ["abc", "ab…"]


def test_columns_are_aligned_without_spaces_at_the_end() -> None:
    assert table([("a", "1", ""), ("bb", "10", "x")], right=(1,)) == "  a    1\n  bb  10  x"
