"""Traceback frames: where an error came from, without its text."""

from telemetry.frames import traceback_frames


def fail(depth: int) -> None:
    if not depth:
        raise ValueError("the contents of a record")
    fail(depth - 1)


def frames_of(depth: int) -> list[str]:
    try:
        fail(depth)
    except ValueError as error:
        return traceback_frames(error)
    return []


def test_frames_name_file_line_and_function_from_the_outermost_to_the_innermost() -> None:
    outermost, innermost = frames_of(0)
    assert outermost.endswith(" frames_of")
    assert innermost == f"{__file__}:8 fail"


def test_the_text_of_the_error_is_in_no_frame() -> None:
    assert "contents" not in str(frames_of(3))


def test_only_the_last_ten_frames_are_kept() -> None:
    frames = frames_of(30)
    assert len(frames) == 10
    assert frames[-1] == f"{__file__}:8 fail"
