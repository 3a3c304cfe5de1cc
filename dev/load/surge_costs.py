"""The meters of a surge, and those of the original pattern with the same arrivals."""

from collections.abc import Mapping
from dataclasses import replace

from dev.load.original_pattern import original_outcome
from dev.load.surge_result import SurgeResult
from dev.load.traffic import RequestStats
from dev.local.consumer_log import ConsumerUse
from ops.live_cost import Meters
from ops.prices import api_seconds
from ops.workload import Workload

_RECORD_BYTES = 200
"""Of one of the load's records, about: one write unit, and a request of a few records is one of SQS."""


def with_costs(result: SurgeResult, use: ConsumerUse) -> SurgeResult:
    """The result with its meters, from the first request until the last put."""
    requests = sum(each.latencies.count for each in result.kinds.values())
    seconds = max(result.last_put, result.surge[1])
    meters = Meters(
        seconds=seconds,
        records=len(result.accepted),
        stored=result.verdict.in_table + result.verdict.superseded,
        api_requests=requests,
        api_milliseconds=_api_milliseconds(result.kinds),
        send_requests=requests,  # on Lambda each request is an invocation, which sends its own batch
        drain_requests=use.sqs_requests,
        invocations=use.invocations,
        milliseconds=use.milliseconds,
        write_units=use.write_units,
        provisioned_unit_seconds=result.write_units * seconds,
    )
    original = original_outcome(result.accepted, result.write_units, meters) if result.accepted else None
    return replace(result, meters=meters, original=original)


def _api_milliseconds(kinds: Mapping[str, RequestStats]) -> float:
    """By the planner's estimate, because here the API runs under uvicorn and not on Lambda."""
    total = 0.0
    for each in kinds.values():
        if each.latencies.count:
            together = max(1, each.records // each.latencies.count)
            workload = Workload(1, 1, 1, 2, _RECORD_BYTES, 1, records_per_request=together)
            total += each.latencies.count * api_seconds(workload) * 1000
    return total
