"""The advice as JSON. The names are stable and say the unit; dollars are US dollars a month. Pure."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from ops.advice import FULL_BATCH, Advice, Choice
from ops.cautions import cautions
from ops.parameters import deploy_command
from ops.plan import CREDIT_SECONDS, RETENTION_SECONDS, Plan, PlannedBacklog, Waiting
from ops.prices import MONTH_HOURS, PRICES, REGION, Line
from ops.workload import Workload

_Object: TypeAlias = dict[str, Any]


def as_json(advice: Advice) -> _Object:
    return {
        "workload": _workload(advice.given.workload),
        "given": _plan(advice.given),
        "chosen": _plan(advice.chosen.plan),
        "parameters": dict(advice.parameters),
        "deploy_command": deploy_command(advice.parameters),
        "cost": _cost(advice.chosen),
        "smaller_table": advice.smaller and _plan(advice.smaller.plan) | {"cost": _cost(advice.smaller)},
        "records_together": advice.batched and {"records_per_request": FULL_BATCH, "cost": _cost(advice.batched)},
        "retention_seconds": RETENTION_SECONDS,
        "burst_credit_seconds": CREDIT_SECONDS,
    }


def _workload(workload: Workload) -> _Object:
    return {
        "records_per_second_between_bursts": workload.rate,
        "records_per_second_in_burst": workload.burst_rate,
        "records_per_second_on_average": workload.average_rate,
        "burst_seconds": workload.burst_seconds,
        "period_seconds": workload.period_seconds,
        "records_per_request": workload.records_per_request,
        "record_bytes": workload.record_bytes,
        "item_bytes": workload.item_bytes,
        "write_units_per_record": workload.units_per_record,
    }


def _plan(planned: Plan) -> _Object:
    """The backlog without burst credit, and with all of it. Both are null where the backlog never drains."""
    workload = planned.workload
    return {
        "write_units": workload.write_units,
        "read_units": workload.read_units,
        "consumer_invocations": planned.consumer.workers,
        "table_records_per_second": workload.table_rate,
        "table_used_share": planned.used,
        "drains": planned.drains,
        "keeps_all_records": planned.keeps_all,
        "records_lost_after_seconds": planned.lost_after,
        "growth_records_per_second": planned.growth,
        "backlog": planned.backlog and _backlog(planned.backlog, workload),
        "backlog_with_burst_credit": planned.backlog_with_credit and _backlog(planned.backlog_with_credit, workload),
        "first_period": _curve(planned.first_period),
        "first_period_with_burst_credit": _curve(planned.first_period_with_credit),
        "cautions": cautions(planned),
    }


def _backlog(backlog: PlannedBacklog, workload: Workload) -> _Object:
    return {
        "largest_records": backlog.greatest,
        "largest_bytes": backlog.greatest * workload.record_bytes,
        "drain_seconds": backlog.drain_seconds,
        "greatest_age_seconds_in_order": backlog.greatest_age,
        "greatest_age_seconds_at_most": backlog.lasts,
    }


def _curve(curve: Sequence[Waiting]) -> list[_Object]:
    return [{"seconds": moment.seconds, "waiting_records": moment.records} for moment in curve]


def _cost(choice: Choice) -> _Object:
    billed = choice.bill
    return {
        "options_dollars": {option.name: option.dollars for option in choice.comparison.options},
        "cheapest": choice.comparison.cheapest.name,
        "buffer_pays": choice.comparison.pays,
        "total_dollars_with_api_and_reads": billed.dollars,
        "storage_dollars_added_each_month": sum(line.dollars for line in billed.storage),
        "lines": [
            {"part": part, **_line(line)}
            for part, lines in (("api", billed.api), ("buffer", billed.buffer), ("table", billed.table))
            for line in lines
            if line.quantity
        ],
        "month_hours": MONTH_HOURS,
        "region": REGION,
        "prices_seen": [min(price.seen for price in PRICES.values()), max(price.seen for price in PRICES.values())],
    }


def _line(line: Line) -> _Object:
    return {"service": line.service, "quantity": line.quantity, "metered": line.metered, "dollars": line.dollars}
