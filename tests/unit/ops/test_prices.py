"""The bill: figures computed by hand, and properties of every workload."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.draining import consumed
from ops.plan import plan
from ops.prices import PRICES, Bill, Deployment, Line, bill
from ops.workload import Consumer, Workload

_DAY = 86_400.0
_MONTH = 730 * 3600

STEADY = Workload(
    rate=10, burst_rate=20, burst_seconds=_DAY / 10, period_seconds=_DAY, record_bytes=800, write_units=25
)
"""11 records of one unit a second on average, and a table that is fast enough even for the bursts."""


def quantities(lines: list[Line]) -> dict[tuple[str, str], float]:
    return {(line.service, line.metered): line.quantity for line in lines}


def sending(load: Workload) -> float:
    """Metered requests of SQS for each request of the API."""
    (line,) = [each for each in bill(plan(load)).buffer if each.service == "SQS, sending"]
    return line.quantity / (load.average_rate * _MONTH / load.records_per_request)


def dollars(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    rate = draw(st.floats(0.01, 2000))
    return Workload(
        rate=rate,
        burst_rate=rate * draw(st.floats(1.01, 100)),
        burst_seconds=draw(st.floats(1, 3000)),
        period_seconds=_DAY,
        record_bytes=draw(st.integers(1, 20_000)),
        write_units=draw(st.integers(1, 40_000)),
        records_per_request=draw(st.integers(1, 250)),
    )


def test_the_bill_counts_a_month_of_requests_and_of_table_capacity() -> None:
    billed = bill(plan(STEADY))
    records = 11 * _MONTH
    api, table = quantities(billed.api), quantities(billed.table)
    assert api["API Gateway", "requests, the first 300 million"] == pytest.approx(records)
    assert api["API Gateway", "requests above these"] == 0
    assert api["Lambda, API", "invocations"] == pytest.approx(records)
    assert api["Lambda, API", "GB-seconds"] == pytest.approx(records * 0.5 * (0.02 + 0.0001))
    assert table["DynamoDB, writes", "write unit hours"] == 25 * 730
    assert table["DynamoDB, reads", "read unit hours"] == 5 * 730
    assert billed.table[0].dollars == pytest.approx(25 * 730 * 0.00065)
    assert billed.peak.quantity == 20 * 730
    assert billed.on_demand.dollars == pytest.approx(records * 0.625e-6)
    assert billed.dollars == pytest.approx(dollars(billed.api) + dollars(billed.buffer) + dollars(billed.table))
    assert billed.buffered_dollars == pytest.approx(billed.dollars - dollars(billed.api) - billed.table[1].dollars)


def test_the_consumer_is_billed_for_what_it_uses() -> None:
    planned = plan(STEADY)
    used, lines = consumed(planned, _MONTH), quantities(bill(planned).buffer)
    assert lines["SQS, draining", "requests"] == used.sqs_requests
    assert lines["Lambda, consumer", "invocations"] == used.invocations
    assert lines["Lambda, consumer", "GB-seconds"] == pytest.approx(used.seconds / 2)
    assert lines["CloudWatch, consumer", "GB of logs"] == pytest.approx(used.invocations * 400 / 1024**3)


def test_a_function_url_saves_what_the_gateway_costs_and_nothing_else() -> None:
    planned = plan(STEADY)
    gateway, url = bill(planned), bill(planned, Deployment(has_api_gateway=False))
    assert url.dollars == pytest.approx(gateway.dollars - sum(line.dollars for line in gateway.api[:2]))


def test_access_logs_and_traces_are_billed_only_when_they_are_on() -> None:
    planned = plan(STEADY)
    requests, plain = 11 * _MONTH, quantities(bill(planned).api)
    full = quantities(bill(planned, Deployment(has_access_log=True, has_tracing=True)).api)
    assert plain["API Gateway, access log", "GB of logs"] == plain["X-Ray, API", "traces"] == 0
    assert full["API Gateway, access log", "GB of logs"] == pytest.approx(requests * 350 / 1024**3)
    assert full["X-Ray, API", "traces"] == pytest.approx(_MONTH + 0.05 * (requests - _MONTH))
    assert quantities(bill(planned, Deployment(has_api_gateway=False, has_access_log=True)).api) == quantities(
        bill(planned, Deployment(has_api_gateway=False)).api
    ), "a function URL has no access log"


@pytest.mark.parametrize("memory", [256, 1024])
def test_each_function_is_billed_for_its_own_memory(memory: int) -> None:
    api = quantities(bill(plan(STEADY), Deployment(api_memory_mb=memory)).api)
    assert api["Lambda, API", "GB-seconds"] == pytest.approx(11 * _MONTH * (0.02 + 0.0001) * memory / 1024)
    planned = plan(STEADY, Consumer(2, memory_mb=memory))
    used = consumed(planned, _MONTH)
    assert quantities(bill(planned).buffer)["Lambda, consumer", "GB-seconds"] == used.seconds * memory / 1024


def test_a_months_records_are_stored_and_kept_for_recovery() -> None:
    stored, kept = bill(plan(STEADY)).storage
    assert stored.quantity == kept.quantity == pytest.approx(11 * _MONTH * (STEADY.item_bytes + 100) / 1024**3)
    assert (stored.dollars, kept.dollars) == pytest.approx((0.25 * stored.quantity, 0.2 * stored.quantity))


def test_an_idle_queue_is_polled_fifteen_times_a_minute() -> None:
    (line,) = [each for each in bill(plan(STEADY)).buffer if each.service == "SQS, while empty"]
    assert line.quantity == 15 * 60 * 730
    assert line.dollars == pytest.approx(0.2628)


@pytest.mark.parametrize(("record_bytes", "together", "metered"), [(1024, 512, 1), (1025, 512, 2), (1024, 4500, 9)])
def test_requests_to_the_api_are_metered_in_steps_of_512_kb(record_bytes: int, together: int, metered: int) -> None:
    load = replace(STEADY, record_bytes=record_bytes, records_per_request=together)
    requests = load.average_rate * _MONTH / together
    assert bill(plan(load)).api[0].quantity == pytest.approx(metered * requests)


def test_requests_above_300_million_are_cheaper() -> None:
    load = replace(STEADY, rate=200, burst_rate=200.001, write_units=1000)
    first, above = bill(plan(load)).api[:2]
    assert first.dollars == pytest.approx(300)
    assert above.dollars == pytest.approx((load.average_rate * _MONTH - 300e6) * 0.9e-6)


@pytest.mark.parametrize(
    ("record_bytes", "together", "requests"),
    [
        (300, 1, 1),
        (300, 10, 1),
        (300, 11, 2),
        (6504, 10, 1),  # ten messages of 6,553 bytes: 65,530
        (6505, 10, 2),
        (65_487, 1, 1),
        (65_488, 1, 2),
        (400_000, 5, 13 + 13 + 7),  # two of them fit into the 1 MiB of a call
    ],
)
def test_a_request_is_sent_in_batches_metered_in_steps_of_64_kb(
    record_bytes: int, together: int, requests: int
) -> None:
    load = replace(STEADY, record_bytes=record_bytes, records_per_request=together)
    assert sending(load) == pytest.approx(requests)


def test_the_bill_of_another_region_needs_only_another_table_of_prices() -> None:
    twice = {name: replace(price, dollars=2 * price.dollars) for name, price in PRICES.items()}
    here, there = bill(plan(STEADY)), bill(plan(STEADY), prices=twice)
    assert there.dollars == pytest.approx(2 * here.dollars)
    assert there.peak.dollars == pytest.approx(2 * here.peak.dollars)
    assert there.on_demand.dollars == pytest.approx(2 * here.on_demand.dollars)


@pytest.mark.parametrize("name", PRICES)
def test_every_price_has_a_source_and_a_month(name: str) -> None:
    price = PRICES[name]
    year, month = map(int, price.seen.split("-"))
    assert price.dollars > 0
    assert price.per in {1, 1_000_000}
    assert price.source.startswith("https://aws.amazon.com/")
    assert year >= 2024
    assert 1 <= month <= 12


def without_the_consumer(billed: Bill) -> float:
    return dollars(billed.api) + billed.buffer[0].dollars + billed.on_demand.dollars + dollars(billed.storage)


@given(workloads(), st.floats(1.05, 3))  # a little more may take another worker, and so smaller batches
def test_cost_grows_with_the_rate_where_the_table_keeps_up(load: Workload, factor: float) -> None:
    # A little below the table's rate: at exactly that rate, rounding alone decides whether there is a backlog.
    share = min(1.0, 0.999 * load.table_rate / (load.burst_rate * factor))
    load = replace(load, rate=load.rate * share, burst_rate=load.burst_rate * share)
    more = replace(load, rate=load.rate * factor, burst_rate=load.burst_rate * factor)
    assert bill(plan(more)).dollars > bill(plan(load)).dollars


@given(workloads(), st.floats(1.01, 1.5))
def test_with_a_backlog_too_cost_grows_with_the_rate_except_for_the_consumer(load: Workload, factor: float) -> None:
    """With a backlog an invocation gets ten records, so the consumer may cost less for more records."""
    more = replace(load, rate=load.rate * factor, burst_rate=load.burst_rate * factor)
    less_billed, more_billed = bill(plan(load)), bill(plan(more))
    assert without_the_consumer(more_billed) > without_the_consumer(less_billed)
    assert more_billed.peak.dollars >= less_billed.peak.dollars


@given(workloads())
def test_more_records_in_a_request_never_cost_more(load: Workload) -> None:
    alone, together = (bill(plan(replace(load, records_per_request=number))) for number in (1, 10))
    assert together.dollars < alone.dollars
    assert together.table == alone.table
