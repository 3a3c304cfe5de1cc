"""The report: one page of a surge, with its own stack, that needs nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dev.load.latencies import Latencies
from dev.load.report_charts import nice_step
from dev.load.report_page import page
from dev.load.surge_result import Story
from dev.load.traffic import OfKind
from dev.load.verify import Verdict
from records.key import Key
from tests.harness.commands import command, interrupted, printed_until


class Balanced(HTMLParser):
    """That every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - html.parser gives it
        self.seen.add(tag)
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as above
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def story(lost: int = 0) -> Story:
    verdict = Verdict(40, 40 - lost, 0, 0, 0, lost, tuple(Key("<b>") for _ in range(lost)), 0, 3)
    kinds = {kind: OfKind(10, Latencies([0.002, 0.004, 0.2])) for kind in ("single", "array", "ndjson")}
    puts = [1 + n / 5 for n in range(40)]
    return Story(
        write_units=5,
        surge=(1.0, 2.0),
        accepted=[1 + n / 40 for n in range(40)],
        puts=puts[: 40 - lost],
        in_queue=Latencies([1.0, 7.0]),
        kinds=kinds,
        refused_requests=0,
        dead_letters={"json_malformed": 3},
        verdict=verdict,
    )


def test_the_page_holds_the_figures_and_refers_to_nothing_outside() -> None:
    text = page(story())
    seen = Balanced(text).seen
    assert not seen & {"script", "img", "iframe", "object"}
    assert not re.search(r"https?:|//|@import|url\(", text)
    for told in ("Every 202 is accounted for", "8.0 times", "p99", "json_malformed", "prefers-color-scheme: dark"):
        assert told in text
    assert "second 1: 40 accepted, 5 write units taken by the table" in text
    assert text.count("<svg") == 8


def test_the_page_says_first_of_all_what_was_lost_and_writes_no_id_as_markup() -> None:
    text = page(story(lost=2))
    Balanced(text)
    assert "✗ 2 records lost." in text
    assert "&lt;b&gt;" in text
    assert "<b>&lt;" not in text
    assert text.index("records lost") < text.index("<svg")


def test_a_story_of_nothing_is_a_page_too() -> None:
    nothing = Verdict(0, 0, 0, 0, 0, 0, (), 0, 0)
    kinds = {kind: OfKind() for kind in ("single", "array", "ndjson")}
    text = page(Story(5, (1.0, 2.0), [], [], Latencies(), kinds, 0, {}, nothing))
    assert "svg" in Balanced(text).seen


def test_the_story_counts_by_the_second() -> None:
    told = story()
    assert told.per_second(told.accepted)[:3] == [0, 40, 0]
    assert told.per_second(told.puts)[1:4] == [5, 5, 5]
    assert told.greatest_backlog == 34  # at the end of the surge: 40 accepted, 6 put
    assert told.backlog()[-1][1] == 0
    assert told.used == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("most", "step"), [(0, 2e-10), (5, 1), (7, 2), (40, 10), (999, 200), (1001, 500)])
def test_axes_have_round_numbers(most: float, step: float) -> None:
    assert nice_step(most) == pytest.approx(step)


def test_percentiles_are_right_within_two_percent_and_the_maximum_exactly() -> None:
    latencies = Latencies([n / 1000 for n in range(1, 1001)])
    assert latencies.figures() == pytest.approx((0.5, 0.95, 0.99, 1.0), rel=0.021)
    assert latencies.max == 1.0
    assert Latencies().figures() == (0, 0, 0, 0)
    both = Latencies.of(latencies, Latencies([5.0]))
    assert (both.count, both.max) == (1001, 5.0)


def test_a_report_is_made_with_a_stack_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "report.html"
    run = command("dev.load.report", str(path), WCU="20", SECONDS="6", PORT="1")
    output = run.communicate(timeout=120)[0]
    assert run.returncode == 0, output
    told = re.search(r"(\d+) receipts: every 202 is accounted for", output)
    assert told, output
    assert f"wrote {path}: one page, readable offline" in output
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]
    text = path.read_text()
    Balanced(text)
    assert not re.search(r"https?:|//", text)
    assert f"Of {told[1]} receipts {told[1]} are in the table" in text
    for reason in ("json_malformed", "key_invalid", "number_out_of_range"):
        assert reason in text


def test_ctrl_c_ends_a_report_without_a_page(tmp_path: Path) -> None:
    run = command("dev.load.report", str(tmp_path / "report.html"), SECONDS="600")
    printed_until(run, "a surge of ")
    output = interrupted(run)
    assert run.returncode == 130, output
    assert "Stopped: no page was written." in output
    assert not list(tmp_path.iterdir())


def test_a_report_of_nonsense_is_refused() -> None:
    run = command("dev.load.report", WCU="1000")
    assert "report: WCU=1000: a number from 1 to 100" in run.communicate(timeout=60)[0]
    assert run.returncode == 1
