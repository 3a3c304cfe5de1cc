"""What an owner is told: a table that keeps all, and cheaper ways only where they are cheaper."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ops.advice import advise
from ops.prices import Deployment
from ops.workload import Workload, WorkloadInvalid

_DAY = 86_400.0

A_DAY = Workload(rate=50, burst_rate=2000, burst_seconds=600, period_seconds=_DAY, record_bytes=1500, write_units=150)
SMALL = Workload(rate=0, burst_rate=100, burst_seconds=600, period_seconds=_DAY, record_bytes=800, write_units=5)
"""One unit would do, and its drain would cost more than the four units."""


def test_a_table_that_keeps_all_is_chosen_as_it_is() -> None:
    advice = advise(A_DAY, Deployment(), 512)
    assert not advice.is_larger
    assert advice.chosen.plan == advice.given


@given(
    rate=st.floats(0, 100),
    more=st.floats(1, 5000),
    period=st.floats(600, 60 * _DAY),
    share=st.floats(0.001, 0.9),
    write_units=st.integers(1, 10_000),
    memory_mb=st.sampled_from([128, 512, 1769]),
)
@example(rate=0, more=100, period=_DAY, share=1 / 144, write_units=5, memory_mb=512)
def test_the_chosen_and_the_smaller_table_keep_all_and_the_smaller_one_is_cheaper(
    *, rate: float, more: float, period: float, share: float, write_units: int, memory_mb: int
) -> None:
    advice = advise(Workload(rate, rate + more, period * share, period, 800, write_units), Deployment(), memory_mb)
    chosen, smaller = advice.chosen, advice.smaller
    assert chosen.plan.keeps_all
    assert chosen.plan.consumer.memory_mb == memory_mb
    assert "forebay" in [option.name for option in chosen.comparison.options]
    assert advice.is_larger == (chosen.plan.workload.write_units > write_units)
    if smaller:
        assert smaller.plan.keeps_all
        assert smaller.plan.workload.write_units < write_units
        assert smaller.bill.buffered_dollars < chosen.bill.buffered_dollars


def test_a_smaller_table_that_would_cost_more_is_not_named() -> None:
    assert advise(SMALL, Deployment(), 512).smaller is None
    assert advise(replace(SMALL, write_units=30), Deployment(), 512).smaller


def test_ten_in_a_request_are_priced_only_where_a_request_can_hold_them() -> None:
    assert advise(A_DAY, Deployment(), 512).batched
    assert advise(replace(A_DAY, records_per_request=10), Deployment(), 512).batched is None


def test_more_than_the_consumer_can_put_is_an_error() -> None:
    with pytest.raises(WorkloadInvalid, match="more than the consumer can put"):
        advise(replace(A_DAY, rate=200_000, burst_rate=200_000), Deployment(), 128)
