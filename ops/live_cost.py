"""What a running stack has cost so far, from meters that are read while it runs. Pure; the prices are `ops.prices`'.

The planner (`ops.prices.bill`) computes a bill from a workload that is expected; this module, from what was metered. It
serves the stack itself, and the original pattern beside it: whoever runs that meters it in the same way, and compares
dollars for each record that is *stored*, because the original pattern dead-letters good records.

Left out, as they are the same for all or small: storage, reads, logs, custom metrics, traces, transfer, and API
Gateway's lower price beyond 300 million requests a month. The empty receives of Lambda's pollers, which no local stack
makes, are added for all the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ops.prices import EMPTY_RECEIVES_A_MINUTE, MONTH_HOURS, PRICES, Price
from ops.workload import MEMORY_MB

_MILLION = 1_000_000.0
_HOUR, _MINUTE = 3600.0, 60.0
_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Meters:
    """Totals since the start, as AWS would meter them."""

    seconds: float = 0.0
    """How long the meters have run."""
    records: float = 0.0
    """Accepted."""
    stored: float = 0.0
    """Accepted, and now in the table or superseded there by a newer version."""
    api_requests: float = 0.0
    """`POST /records`, each with up to 512 KB; 0 where producers send straight to the queue."""
    api_milliseconds: float = 0.0
    """Billed time of the API function."""
    send_requests: float = 0.0
    """SQS requests that send records; one for each 64 KB begun."""
    drain_requests: float = 0.0
    """The other SQS requests: receives with messages, deletions, changes of visibility, questions for the depth."""
    invocations: float = 0.0
    """Of the consumer function."""
    milliseconds: float = 0.0
    """Billed time of the consumer function."""
    write_units: float = 0.0
    """Consumed by the table's writes."""
    provisioned_unit_seconds: float = 0.0
    """The table's provisioned write units times the seconds that it had them."""


@dataclass(frozen=True, slots=True)
class Costs:
    """US dollars."""

    door: float
    """The HTTP API and its function. The same with a table on demand."""
    queue: float
    consumer: float
    table: float
    """Provisioned writes."""
    on_demand: float
    """The alternative to queue, consumer and table: the same writes on demand."""

    @property
    def buffered(self) -> float:
        """What to compare with `on_demand`."""
        return self.queue + self.consumer + self.table

    @property
    def total(self) -> float:
        return self.door + self.buffered

    @property
    def total_on_demand(self) -> float:
        return self.door + self.on_demand


def costs(meters: Meters, prices: Mapping[str, Price] = PRICES, memory_mb: int = MEMORY_MB) -> Costs:
    """`memory_mb`: of each function."""

    def function(invocations: float, milliseconds: float) -> float:
        gb_seconds = milliseconds / _MILLISECONDS * memory_mb / 1024
        return prices["lambda_request"].of(invocations) + prices["lambda_gb_second"].of(gb_seconds)

    empty_receives = EMPTY_RECEIVES_A_MINUTE * meters.seconds / _MINUTE
    return Costs(
        door=prices["api_request"].of(meters.api_requests) + function(meters.api_requests, meters.api_milliseconds),
        queue=prices["sqs_request"].of(meters.send_requests + meters.drain_requests + empty_receives),
        consumer=function(meters.invocations, meters.milliseconds),
        table=prices["write_unit_hour"].of(meters.provisioned_unit_seconds / _HOUR),
        on_demand=prices["write_request"].of(meters.write_units),
    )


def a_month(meters: Meters) -> Meters:
    """The meters of a month that goes on like this; all 0 while no time has passed."""
    factor = MONTH_HOURS * _HOUR / meters.seconds if meters.seconds > 0 else 0.0
    return Meters(**{each.name: factor * getattr(meters, each.name) for each in fields(Meters)})


def per_million(dollars: float, records: float) -> float | None:
    """Dollars for a million records, when these were the dollars for so many; None without a record."""
    return dollars * _MILLION / records if records else None
