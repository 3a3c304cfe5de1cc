"""The plan: figures computed by hand, and properties of every workload."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse

from api.ingest.body import REQUEST_BYTES_MAX
from api.ingest.parse import REQUEST_RECORDS_MAX
from dev.local.capacity import BURST_SECONDS_MAX
from dev.paths import ROOT
from ops import plan as planner
from ops import workload
from ops.plan import AdvisedParameters, plan
from ops.workload import Consumer, Workload, WorkloadInvalid
from records.item import RESERVED_BYTES, item_bytes, write_units
from records.key import KeySchema
from records.message import Message
from records.validation import Record

_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
_DAY = 86_400.0

A_DAY = Workload(rate=50, burst_rate=2000, burst_seconds=600, period_seconds=_DAY, record_bytes=1500, write_units=150)
"""Two units a record, so the table takes 75 records a second; the average is 63.5."""


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    rate = draw(st.one_of(st.just(0.0), st.floats(0.001, 5000)))
    period = draw(st.floats(600, 30 * _DAY))
    return Workload(
        rate=rate,
        burst_rate=rate + draw(st.floats(0.01, 20_000)),
        burst_seconds=period * draw(st.floats(0.001, 0.9)),
        period_seconds=period,
        record_bytes=draw(st.integers(1, 409_600 - RESERVED_BYTES)),
        write_units=draw(st.integers(1, 40_000)),
    )


def test_the_figures_of_a_day_are_those_computed_by_hand() -> None:
    planned = plan(A_DAY)
    assert planned.backlog
    assert planned.backlog.greatest == pytest.approx((2000 - 75) * 600)
    assert planned.backlog.drain_seconds == pytest.approx((2000 - 75) * 600 / (75 - 50))
    assert planned.backlog.greatest_age == pytest.approx((2000 - 75) * 600 / 75)
    assert planned.backlog.lasts == pytest.approx(600 + planned.backlog.drain_seconds)
    assert (planned.growth, planned.lost_after) == (0, None)
    assert planned.advised == AdvisedParameters(write_units=150, workers=2)


def test_burst_credit_reduces_the_backlog_by_its_records() -> None:
    planned = plan(A_DAY)
    assert planned.backlog
    assert planned.backlog_with_credit
    assert planned.backlog.greatest - planned.backlog_with_credit.greatest == pytest.approx(300 * 75)


def test_burst_credit_is_not_used_faster_than_the_workers_put() -> None:
    load = Workload(rate=10, burst_rate=900, burst_seconds=60, period_seconds=3600, record_bytes=300, write_units=300)
    two, more = Consumer(2, 100, 1), Consumer(10, 100, 1)
    slow, fast = (plan(load, consumer).backlog_with_credit for consumer in (two, more))
    assert slow
    assert fast
    # While 90,000 units of credit last far beyond the burst, two workers are the limit.
    put = two.rate_max
    assert 600 < put < 800
    assert slow.greatest == pytest.approx((900 - put) * 60)
    assert slow.drain_seconds == pytest.approx((900 - put) * 60 / (put - 10))
    assert slow.greatest_age == pytest.approx((900 - put) * 60 / put)
    assert fast.greatest == 0


def test_when_the_credit_is_used_up_the_rest_drains_at_the_rate_of_the_table() -> None:
    load = Workload(rate=0, burst_rate=1500, burst_seconds=60, period_seconds=7200, record_bytes=300, write_units=150)
    consumer = Consumer(2, 100, 1)
    backlog = plan(load, consumer).backlog_with_credit
    assert backlog
    # 45,000 units of credit go as fast as two workers put more than the table earns: a while longer than the burst.
    put = consumer.rate_max
    after = 45_000 / (put - 150) - 60
    assert after > 0
    left = (1500 - put) * 60 - put * after
    assert backlog.greatest == pytest.approx((1500 - put) * 60)
    assert backlog.drain_seconds == pytest.approx(after + left / 150)
    assert backlog.greatest_age == pytest.approx(after + left / 150)


def test_a_table_below_the_average_never_drains_and_the_plan_says_when_records_are_lost() -> None:
    planned = plan(replace(A_DAY, write_units=100))
    average = A_DAY.average_rate
    assert not planned.drains
    assert planned.growth == pytest.approx(average - 50)
    # Until one record waits for 14 days, and then those 14 days.
    assert planned.lost_after == pytest.approx(14 * _DAY / (average / 50 - 1) + 14 * _DAY)
    assert planned.advised.write_units == 159


def test_a_burst_that_waits_longer_than_the_retention_loses_records_and_a_larger_table_is_advised() -> None:
    load = Workload(
        rate=0, burst_rate=100, burst_seconds=3 * 3600, period_seconds=40 * _DAY, record_bytes=300, write_units=1
    )
    planned = plan(load)
    assert planned.backlog
    assert planned.backlog.greatest_age == pytest.approx((100 - 1) * 3 * 3600)
    assert planned.lost_after is None
    longer = plan(replace(load, burst_rate=150))
    assert longer.backlog
    assert longer.backlog.greatest_age > 14 * _DAY
    assert longer.lost_after == pytest.approx(14 * _DAY * 150 / 149)
    assert plan(replace(load, burst_rate=150, write_units=longer.advised.write_units)).lost_after is None


def test_a_table_exactly_as_fast_as_the_average_drains_just_before_the_next_burst() -> None:
    load = Workload(rate=5, burst_rate=20, burst_seconds=60, period_seconds=180, record_bytes=300, write_units=10)
    backlog = plan(load).backlog
    assert backlog
    assert backlog.drain_seconds == pytest.approx(120)


@pytest.mark.parametrize(
    ("units", "record_bytes", "workers"),
    [(1, 3900, 2), (1, 100_000, 2), (5, 300, 2), (500, 300, 2), (540, 300, 3), (1000, 300, 4), (5000, 300, 19)],
)
def test_the_consumer_has_the_workers_that_keep_the_table_busy(units: int, record_bytes: int, workers: int) -> None:
    load = Workload(
        rate=0.001, burst_rate=5000, burst_seconds=1, period_seconds=_DAY, record_bytes=record_bytes, write_units=units
    )
    assert plan(load).consumer == Consumer(workers)
    assert 2 * plan(load).consumer.rate_max > load.table_rate


def test_a_worker_with_less_memory_has_less_of_a_processor_and_puts_less() -> None:
    rates = [Consumer(2, 100, 1, memory).rate_max for memory in (128, 256, 512, 1769, 3008)]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx(2 * rates[0], rel=0.1)
    assert rates[3] == rates[4], "one core is all that a Python process uses"


def test_more_records_than_all_workers_put_are_an_error_that_says_why() -> None:
    load = replace(A_DAY, rate=200_000, burst_rate=200_000)
    assert plan(load).consumer.workers <= 1000
    with pytest.raises(WorkloadInvalid, match=r"200,000 records .* more than the consumer can put: 1,000 invocations"):
        planner.consumer_for(load, memory_mb=128)
    with pytest.raises(WorkloadInvalid, match="more than the consumer can put"):
        plan(replace(load, rate=450_000, burst_rate=450_000))


def test_the_advised_workers_are_those_of_the_consumers_memory() -> None:
    load = replace(A_DAY, rate=500, write_units=1000)
    consumer = planner.consumer_for(load, memory_mb=128)
    assert not plan(load, consumer).keeps_all
    advised = plan(load, consumer).advised
    assert advised.workers == planner.consumer_for(replace(load, write_units=advised.write_units), 128).workers
    assert advised.workers > plan(load).advised.workers


def test_the_curve_of_a_day_rises_during_the_burst_and_falls_until_nothing_waits() -> None:
    drained = 600 + (2000 - 75) * 600 / (75 - 50)
    moments = [(0, 0), (600, 1_155_000), (drained, 0), (_DAY, 0)]
    for moment, by_hand in zip(plan(A_DAY).first_period, moments, strict=True):
        assert moment == pytest.approx(by_hand)


def test_the_curve_of_a_backlog_that_never_drains_ends_with_what_a_period_adds() -> None:
    planned = plan(replace(A_DAY, write_units=100))
    assert planned.first_period[-1] == pytest.approx((_DAY, planned.growth * _DAY))


@given(workloads())
def test_the_curve_reaches_the_greatest_backlog_and_none_when_it_drains(load: Workload) -> None:
    planned = plan(load)
    for backlog, curve in (
        (planned.backlog, planned.first_period),
        (planned.backlog_with_credit, planned.first_period_with_credit),
    ):
        assert [moment.seconds for moment in curve] == sorted(moment.seconds for moment in curve)
        assert (curve[0], curve[-1].seconds) == ((0, 0), load.period_seconds)
        assert backlog is None or max(moment.records for moment in curve) == backlog.greatest


@given(workloads())
def test_the_smallest_table_with_room_keeps_all_and_is_at_most_80_percent_used(load: Workload) -> None:
    units = planner.write_units_with_room(load)
    assert load.average_rate * load.units_per_record <= 0.8 * units * (1 + 1e-9)
    assert plan(replace(load, write_units=units)).keeps_all


def test_what_arrives_while_others_wait_is_deferred() -> None:
    backlog = plan(A_DAY).backlog
    assert backlog
    assert backlog.deferred_in_burst == pytest.approx(2000 * 600)
    assert backlog.deferred_after == pytest.approx(50 * backlog.drain_seconds)


@given(workloads(), st.integers(1, 10_000))
@example(A_DAY, 1)
def test_more_capacity_never_drains_later(load: Workload, more: int) -> None:
    less, greater = plan(load), plan(replace(load, write_units=load.write_units + more))
    assume(less.backlog)
    assert less.backlog
    assert greater.backlog
    slack = 1e-6 * load.period_seconds
    assert greater.backlog.greatest <= less.backlog.greatest * (1 + 1e-9)
    assert greater.backlog.drain_seconds <= less.backlog.drain_seconds + slack
    assert greater.backlog.greatest_age <= less.backlog.greatest_age + slack


@given(workloads())
def test_a_backlog_drains_exactly_when_the_average_is_within_the_capacity(
    load: Workload,
) -> None:
    planned = plan(load)
    carried = min(load.table_rate, planned.consumer.rate_max)
    assert planned.drains == (load.average_rate <= carried)
    assert (planned.growth > 0) == (not planned.drains)
    assert (planned.backlog_with_credit is None) == (not planned.drains)
    assert planned.drains or planned.lost_after


@given(workloads())
def test_without_credit_the_figures_are_the_closed_forms(load: Workload) -> None:
    planned = plan(load)
    backlog = planned.backlog
    assume(backlog)
    assert backlog
    most = min(load.table_rate, planned.consumer.rate_max)
    greatest = max(0.0, load.burst_rate - most) * load.burst_seconds
    assert backlog.greatest == pytest.approx(greatest, rel=1e-6, abs=1e-6)
    assert backlog.greatest_age == pytest.approx(greatest / most, rel=1e-6, abs=1e-3)
    if load.average_rate < 0.999 * most:
        assert backlog.drain_seconds == pytest.approx(greatest / (most - load.rate), rel=1e-6, abs=1e-3)


@given(workloads())
def test_burst_credit_never_makes_a_figure_worse(load: Workload) -> None:
    planned = plan(load)
    assume(planned.backlog)
    without, with_credit = planned.backlog, planned.backlog_with_credit
    assert without
    assert with_credit
    slack = 1e-6 * load.period_seconds
    assert with_credit.greatest <= without.greatest * (1 + 1e-9)
    assert with_credit.drain_seconds <= without.drain_seconds + slack
    assert with_credit.greatest_age <= without.greatest_age + slack


@given(workloads())
def test_with_the_advised_parameters_the_backlog_drains_and_nothing_is_lost(load: Workload) -> None:
    advised = plan(load).advised
    planned = plan(replace(load, write_units=advised.write_units))
    assert planned.drains
    assert planned.lost_after is None
    assert planned.advised == advised


@given(st.text(max_size=3000), st.integers(0, 5000))
def test_the_write_units_of_a_record_are_those_of_its_item(text: str, more: int) -> None:
    record: dict[str, Any] = {"id": "1", "text": text, "more": "x" * more}
    size = item_bytes(record) - RESERVED_BYTES
    load = replace(A_DAY, record_bytes=size)
    assert load.item_bytes == item_bytes(record)
    assert load.units_per_record == write_units(item_bytes(record))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate": -1}, "a rate must be 0 or more"),
        ({"burst_rate": 0, "rate": 0}, "a burst's rate more than 0"),
        ({"burst_rate": 10}, "not be below"),
        ({"burst_seconds": 0}, "longer than 0"),
        ({"burst_seconds": _DAY}, "end before the next begins"),
        ({"record_bytes": 0}, "bytes"),
        ({"record_bytes": 409_600 - RESERVED_BYTES + 1}, "409,456 bytes"),
        ({"write_units": 0}, "1 write unit"),
        ({"read_units": 0}, "1 read unit"),
        ({"records_per_request": 0}, "1 to 10,000 records"),
        ({"records_per_request": 10_001}, "1 to 10,000 records"),
        ({"records_per_request": 5000}, "fewer records in each"),
    ],
)
def test_an_impossible_workload_raises_an_error_that_says_why(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkloadInvalid) as caught:
        replace(A_DAY, **wrong)
    assert message in str(caught.value)


def test_the_planners_limits_are_those_of_the_template_and_the_functions() -> None:
    parameters, resources = _TEMPLATE["Parameters"], _TEMPLATE["Resources"]
    queue = resources["RecordQueue"]["Properties"]
    workers, batch = parameters["ConsumerMaximumConcurrency"], parameters["ConsumerBatchSize"]
    assert queue["MessageRetentionPeriod"] == planner.RETENTION_SECONDS
    assert (workers["MinValue"], workers["MaxValue"]) == (workload.WORKERS_MIN, workload.WORKERS_MAX)
    window = parameters["ConsumerBatchWindowSeconds"]
    assert (batch["Default"], window["Default"]) == (workload.BATCH_SIZE, workload.WINDOW_SECONDS)
    for name in ("ApiMemoryMegabytes", "ConsumerMemoryMegabytes"):
        assert parameters[name]["Default"] == workload.MEMORY_MB
    record = Record(KeySchema().of({"id": "1"}), {"id": "1"}, "018bcfe5-687b-7000-8000-000000000000")
    message = Message.of(record)
    assert message.size - len(message.body) == workload.VERSION_BYTES
    assert parameters["TableReadCapacityUnits"]["Default"] == A_DAY.read_units
    assert workload.REQUEST_RECORDS_MAX == REQUEST_RECORDS_MAX
    # Lambda's own limit is the lower one.
    assert workload.REQUEST_BYTES_MAX < REQUEST_BYTES_MAX
    assert planner.CREDIT_SECONDS == BURST_SECONDS_MAX
