"""A log that is followed: its lines are written on as they come, but for the console's polling."""

import io
import time
from pathlib import Path

from dev.local.log_follower import followed

_POLL = '{"level":"INFO","message":"request","method":"GET","route":"/buffer","status":200}\n'


def test_lines_are_written_on_without_the_consoles_polling(tmp_path: Path) -> None:
    log, output = tmp_path / "api.log", io.StringIO()
    log.write_text(f"before\n{_POLL}")
    with followed(log, output), log.open("a") as file:
        for text in ("Traceback:\n", "  half a ", f"line\n{_POLL}", '{"route":"/records"}\n'):
            file.write(text)
            file.flush()
        deadline = time.monotonic() + 30
        while "/records" not in output.getvalue():
            assert time.monotonic() < deadline, output.getvalue()
            time.sleep(0.01)
    assert output.getvalue() == 'before\nTraceback:\n  half a line\n{"route":"/records"}\n'


def test_nothing_is_missed_at_the_end(tmp_path: Path) -> None:
    log, output = tmp_path / "api.log", io.StringIO()
    log.touch()
    with followed(log, output):
        log.write_text("the last words, without an end of line")
    assert output.getvalue() == "the last words, without an end of line"
