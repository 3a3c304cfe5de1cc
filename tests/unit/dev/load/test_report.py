"""The report: one page about a surge, which needs nothing else."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dev.load.cost_panel import cost_rows, dollars
from dev.load.latencies import FIGURES, Latencies, milliseconds_row
from dev.load.original_pattern import OriginalOutcome, original_outcome
from dev.load.report_charts import nice_step
from dev.load.report_page import report_page
from dev.load.surge_costs import with_costs
from dev.load.surge_result import SurgeResult
from dev.load.traffic import RequestStats
from dev.load.verify import Verdict
from dev.local.consumer_log import ConsumerUse, consumer_use
from ops.live_cost import Meters, a_month, costs
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
    assert text.count("<svg") == 10
    assert "prices.py" in text


def test_what_was_sent_on_purpose_is_not_counted_among_the_records() -> None:
    text = report_page(surge_result())
    assert "dead-lettered, " not in text.split("<h2>")[0]
    assert "<b>0</b><span>of these records dead-lettered</span>" in text
    assert "<td>dead letters of messages sent on purpose</td><td>3</td>" in text


@pytest.mark.parametrize(
    ("number", "names"), [(1, []), (13, ["p50"]), (20, ["p50", "p95"]), (100, ["p50", "p95", "p99"])]
)
def test_a_percentile_needs_a_request_beyond_it(number: int, names: list[str]) -> None:
    latencies = Latencies([n / 1000 for n in range(1, number + 1)])
    assert list(latencies.figures()) == [*names, "max"]
    assert [each == "-" for each in milliseconds_row(latencies)] == [
        name not in latencies.figures() for name in FIGURES
    ]


def test_of_few_requests_the_page_says_the_slowest() -> None:
    text = report_page(surge_result())
    assert "to a 202 (p50); the slowest 200 ms" in text
    assert re.search("<td>single</td><td>3</td><td>4.. ms</td><td>-</td><td>-</td><td>200 ms</td>", text)
    assert "p99:" not in text


def test_the_costs_are_those_of_the_meters() -> None:
    meters = Meters(seconds=7.3, stored=50_000, api_requests=100_000, write_units=60_000, provisioned_unit_seconds=36e6)
    dying = OriginalOutcome(replace(meters, stored=10_000), 40_000)
    rows = {row[0]: row[1:] for row in cost_rows(replace(surge_result(), meters=meters, original=dying))}
    assert rows["table: provisioned writes"] == ("$6.50", "$2,340,000.00", "$130.00")
    assert rows["Forebay"] == (dollars(costs(meters).total), dollars(costs(a_month(meters)).total), "$132.40")
    assert rows["on demand: the API, and the same writes"] == ("$0.16", "$56,700.00", "$3.15")
    assert rows["original pattern: 40,000 good records dead-lettered"][2] == "$662.00"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (1234.5, "$1,234.50"), (0.52, "$0.52"), (0.0521, "$0.052"), (4.1e-6, "$0.0000041")],
)
def test_small_amounts_keep_two_digits(amount: float, text: str) -> None:
    assert dollars(amount) == text


def test_the_consumers_log_is_metered() -> None:
    log = [
        "START RequestId: 1",
        '{"_aws":{},"table":"t","puts":11.0,"write_units":22.0,"deferred":12.0}',
        "REPORT RequestId: 1\tDuration: 20.1 ms\tBilled Duration: 21 ms\tMemory Size: 512 MB",
        "REPORT RequestId: 2\tDuration: 3.2 ms\tBilled Duration: 4 ms\tMemory Size: 512 MB",
    ]
    # 23 messages: three receives and the empty one that ends the window, two changes of visibility, two deletions.
    assert consumer_use(log) == ConsumerUse(invocations=2, milliseconds=25, write_units=22, sqs_requests=8)


def test_a_surge_is_metered_from_its_requests_its_log_and_its_tables_time() -> None:
    result = with_costs(surge_result(), ConsumerUse(invocations=9, milliseconds=90, write_units=41, sqs_requests=30))
    meters = result.meters
    assert (meters.records, meters.stored, meters.write_units) == (40, 40, 41)
    assert (meters.invocations, meters.milliseconds, meters.drain_requests) == (9, 90, 30)
    assert meters.api_requests == meters.send_requests == 9
    # Three kinds of three requests, each with three records: 20 ms for SQS, 0.1 ms for a record.
    assert meters.api_milliseconds == pytest.approx(9 * 20.3)
    assert (meters.seconds, meters.provisioned_unit_seconds) == pytest.approx((8.8, 5 * 8.8))
    assert result.original
    assert result.original.dead_lettered == 0
    assert result.original.meters.records == 40


def test_the_original_pattern_pays_for_receives_and_loses_what_its_table_has_not_taken() -> None:
    sent = Meters(seconds=60, api_requests=7, send_requests=7, provisioned_unit_seconds=60)
    short, long = (original_outcome([0.0] * number, 1, sent) for number in (20, 500))
    assert short.dead_lettered == 0
    assert 0 < short.meters.stored == 20
    assert long.dead_lettered > 300
    assert long.meters.stored == 500 - long.dead_lettered
    assert long.meters.drain_requests > 500
    assert (long.meters.send_requests, long.meters.provisioned_unit_seconds) == (7, 60)


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
    assert latencies.figures() == pytest.approx({"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}, rel=0.021)
    assert latencies.max == 1.0
    assert Latencies().figures() == {}
    both = Latencies.merged(latencies, Latencies([5.0]))
    assert (both.count, both.max) == (1001, 5.0)
