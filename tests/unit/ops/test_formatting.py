"""Text for people: lines, tables, durations, and progress on a terminal and elsewhere."""

import io

import pytest

from ops.formatting import count, duration, printable, shortened, table
from ops.progress import Progress


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
        progress.show(f"{n}")
        progress.show("too soon")
    progress.end()
    return stream.getvalue()


def test_on_a_terminal_progress_is_one_line_that_is_overwritten_and_cleared_at_the_end() -> None:
    written = progressed(terminal=True)
    assert written.startswith("\r0\x1b[K\r1\x1b[K")
    assert written.endswith("\r24\x1b[K\r\x1b[K")
    assert "\n" not in written
    assert "too soon" not in written


def test_in_a_file_progress_is_a_line_at_once_and_then_one_every_few_seconds() -> None:
    assert progressed(terminal=False) == "0\n20\n"


def test_without_progress_nothing_is_cleared() -> None:
    stream = Stream(terminal=True)
    Progress(stream).end()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_durations_are_rounded_to_a_unit_that_people_read_easily(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_control_characters_are_written_as_escapes() -> None:
    assert printable("a\x1b[2J\n\u202e\u009bЖ😀 ") == "a\\x1b[2J\\n\\u202e\\x9bЖ😀 "


def test_the_noun_is_plural_unless_the_number_is_one() -> None:
    assert [count(number, "letter") for number in (0, 1, 1200)] == ["0 letters", "1 letter", "1,200 letters"]


def test_a_text_is_shortened_to_the_given_length() -> None:
    assert [shortened(text, 3) for text in ("abc", "abcd")] == ["abc", "ab…"]


def test_columns_are_aligned_without_trailing_spaces() -> None:
    assert table([("a", "1", ""), ("bb", "10", "x")], right=(1,)) == "  a    1\n  bb  10  x"
