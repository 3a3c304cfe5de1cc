"""`make report`: a surge on a stack of its own, and one page about it."""

import re
from pathlib import Path

from tests.harness.commands import command, interrupt, printed_until


def test_a_report_is_made_with_a_stack_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "report.html"
    run = command("dev.load.report", str(path), WCU="20", SECONDS="6", PORT="1")
    output = run.communicate(timeout=300)[0]
    assert run.returncode == 0, output
    receipts = re.search(r"(\d+) receipts: every 202 is accounted for", output)
    assert receipts, output
    assert f"wrote {path}: one page, readable offline" in output
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]
    text = path.read_text()
    assert "<svg" in text
    assert not re.search(r"https?:|//", text)
    assert f"Of {receipts[1]} receipts {receipts[1]} are in the table" in text
    assert re.search(r"<td>Forebay</td><td>\$0\.0+[1-9]", text)
    assert "<td>original pattern: " in text
    for reason in ("json_malformed", "key_invalid", "number_out_of_range"):
        assert reason in text


def test_ctrl_c_ends_a_report_without_a_page(tmp_path: Path) -> None:
    run = command("dev.load.report", str(tmp_path / "report.html"), SECONDS="600")
    printed_until(run, "a surge of ")
    output = interrupt(run)
    assert run.returncode == 130, output
    assert "Stopped: no page was written." in output
    assert not list(tmp_path.iterdir())


def test_a_report_with_an_invalid_setting_is_refused() -> None:
    run = command("dev.load.report", WCU="1000")
    assert "report: WCU=1000: a number from 1 to 100" in run.communicate(timeout=60)[0]
    assert run.returncode == 1
