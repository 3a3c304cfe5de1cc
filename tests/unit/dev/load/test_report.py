"""The report: one page about a surge, which needs nothing else."""

import re
from html.parser import HTMLParser

import pytest

from dev.load.latencies import Latencies
from dev.load.report_charts import nice_step
from dev.load.report_page import report_page
from dev.load.surge_result import SurgeResult
from dev.load.traffic import RequestStats
from dev.load.verify import Verdict
from records.key import Key


class BalancedHtml(HTMLParser):
    """Asserts that every element that is opened is closed, in order."""

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


def surge_result(lost: int = 0) -> SurgeResult:
    verdict = Verdict(40, 40 - lost, 0, 0, 0, lost, tuple(Key("<b>") for _ in range(lost)), 0, 3)
    kinds = {kind: RequestStats(10, Latencies([0.002, 0.004, 0.2])) for kind in ("single", "array", "ndjson")}
    puts = [1 + n / 5 for n in range(40)]
    return SurgeResult(
        write_units=5,
        surge=(1.0, 2.0),
        accepted=[1 + n / 40 for n in range(40)],
        puts=puts[: 40 - lost],
        accepted_to_put=Latencies([1.0, 7.0]),
        kinds=kinds,
        refused_requests=0,
        dead_letters={"json_malformed": 3},
        verdict=verdict,
    )


def test_the_page_holds_the_figures_and_refers_to_nothing_outside() -> None:
    text = report_page(surge_result())
    seen = BalancedHtml(text).seen
    assert not seen & {"script", "img", "iframe", "object"}
    assert not re.search(r"https?:|//|@import|url\(", text)
    for text_part in ("Every 202 is accounted for", "8.0 times", "p99", "json_malformed", "prefers-color-scheme: dark"):
        assert text_part in text
    assert "second 1: 40 accepted, 5 written to the table" in text
    assert text.count("<svg") == 8


def test_the_page_begins_with_what_was_lost_and_escapes_ids() -> None:
    text = report_page(surge_result(lost=2))
    BalancedHtml(text)
    assert "✗ 2 records lost." in text
    assert "&lt;b&gt;" in text
    assert "<b>&lt;" not in text
    assert text.index("records lost") < text.index("<svg")


def test_a_surge_without_records_is_a_page_too() -> None:
    nothing = Verdict(0, 0, 0, 0, 0, 0, (), 0, 0)
    kinds = {kind: RequestStats() for kind in ("single", "array", "ndjson")}
    text = report_page(SurgeResult(5, (1.0, 2.0), [], [], Latencies(), kinds, 0, {}, nothing))
    assert "svg" in BalancedHtml(text).seen


def test_the_result_counts_by_the_second() -> None:
    result = surge_result()
    assert result.per_second(result.accepted)[:3] == [0, 40, 0]
    assert result.per_second(result.puts)[1:4] == [5, 5, 5]
    assert result.greatest_backlog == 34  # at the end of the surge: 40 accepted, 6 put
    assert result.backlog()[-1][1] == 0
    assert result.capacity_used == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("most", "step"), [(0, 2e-10), (5, 1), (7, 2), (40, 10), (999, 200), (1001, 500)])
def test_axes_have_round_numbers(most: float, step: float) -> None:
    assert nice_step(most) == pytest.approx(step)


def test_percentiles_are_exact_to_two_percent_and_the_maximum_is_exact() -> None:
    latencies = Latencies([n / 1000 for n in range(1, 1001)])
    assert latencies.figures() == pytest.approx((0.5, 0.95, 0.99, 1.0), rel=0.021)
    assert latencies.max == 1.0
    assert Latencies().figures() == (0, 0, 0, 0)
    both = Latencies.merged(latencies, Latencies([5.0]))
    assert (both.count, both.max) == (1001, 5.0)
