"""What an owner should mind about a plan: where it comes close to a limit, or the model is too kind. Pure."""

import math

from ops.formatting import figure
from ops.plan import RETENTION_SECONDS, Plan
from ops.prices import api_seconds

REQUESTS_PER_SECOND_QUOTA, INVOCATIONS_QUOTA = 10_000, 1_000
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html and
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; AWS raises them."""
TABLE_UNITS_QUOTA = 40_000
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
IN_FLIGHT_MAX = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
_ROUND_SECONDS = 11.5 * 3600
"""How long the consumer hides a message at most (docs/drain.md)."""
ALARM_SECONDS = 240 * 3600.0
"""`BacklogAlarmHours` in template.yaml."""
_LITTLE_ROOM = 0.95
"""The consumer was measured at 0.97 to 0.99 of a table's rate (docs/measurements/drain.md)."""


def cautions(planned: Plan) -> list[str]:
    """Sentences."""
    return [*_of_the_table(planned), *_of_the_backlog(planned), *_of_the_api(planned)]


def _of_the_table(planned: Plan) -> list[str]:
    workload = planned.workload
    found = []
    if planned.drains and planned.used > _LITTLE_ROOM:
        used = f"The table is {100 * planned.used:.0f} % used: there is no room for more."
        found.append(f"{used} The consumer reaches 97 to 99 % of a table's rate.")
    if workload.write_units > TABLE_UNITS_QUOTA:
        found.append(f"AWS allows a table {TABLE_UNITS_QUOTA:,} write units, unless you ask for more.")
    return found


def _of_the_backlog(planned: Plan) -> list[str]:
    backlog, found = planned.backlog, []
    if not backlog:
        return []
    if backlog.greatest > IN_FLIGHT_MAX:
        hidden = f"More records will wait than the {IN_FLIGHT_MAX:,} that SQS hides at once."
        found.append(f"{hidden} A table that never has burst credit then drains at 0.6 of its rate.")
        if IN_FLIGHT_MAX / planned.workload.table_rate > _ROUND_SECONDS:
            found.append(
                "On a table as slow as this such a drain costs up to $7 per million records, not what is billed here."
            )
    if backlog.greatest_age > ALARM_SECONDS:
        found.append("The backlog alarm goes off at 240 hours: set BacklogAlarmHours.")
    if backlog.lasts > RETENTION_SECONDS:
        found.append("In the worst order a record waits longer than 14 days. The consumer re-enqueues after ten.")
    return found


def _of_the_api(planned: Plan) -> list[str]:
    workload = planned.workload
    requests = workload.burst_rate / workload.records_per_request
    at_once = math.ceil(requests * api_seconds(workload))
    if requests <= REQUESTS_PER_SECOND_QUOTA and at_once <= INVOCATIONS_QUOTA:
        return []
    burst = f"A burst is {figure(requests)} requests/s, in about {at_once:,} invocations at once."
    allowed = f"AWS allows {REQUESTS_PER_SECOND_QUOTA:,} and {INVOCATIONS_QUOTA:,}, unless you ask for more."
    return [f"{burst} {allowed} More records in each request help."]
