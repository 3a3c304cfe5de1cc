"""What an owner is told about a workload: whether the plan drains, what to set, and what it costs. Pure.

A plan that loses records is no choice, so what to set and what it costs are those of a table that keeps all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ops.comparison import Comparison, comparison
from ops.parameters import parameters
from ops.plan import Plan, consumer_for, plan, write_units_with_room
from ops.prices import Bill, Deployment, bill
from ops.workload import REQUEST_BYTES_MAX, Workload

FULL_BATCH = 10
"""Records that share SQS's requests, if they come together."""
_SMALLER = 0.9
"""A table is worth naming as a smaller one below this share of the planned units."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan that keeps all records, and what it costs."""

    plan: Plan
    bill: Bill
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Advice:
    given: Plan
    """For the table as it was given."""
    chosen: Choice
    """The given plan, if it keeps all records, and otherwise one with a larger table."""
    parameters: Mapping[str, str]
    """Of template.yaml, for the chosen plan."""
    smaller: Choice | None
    """A smaller table that keeps all records with room to spare, where it is cheaper."""
    batched: Choice | None
    """The chosen plan, if clients posted ten records in each request; None if they do already, or cannot."""

    @property
    def is_larger(self) -> bool:
        """Whether the chosen table is larger than the given one, which loses records."""
        return not self.given.keeps_all


def advise(workload: Workload, deployment: Deployment, consumer_memory_mb: int) -> Advice:
    """Raises `WorkloadInvalid`."""

    def choice(workload: Workload) -> Choice:
        planned = plan(workload, consumer_for(workload, consumer_memory_mb))
        billed = bill(planned, deployment)
        return Choice(planned, billed, comparison(planned, billed))

    given = plan(workload, consumer_for(workload, consumer_memory_mb))
    chosen = choice(replace(workload, write_units=given.advised.write_units))
    units = write_units_with_room(workload)
    smaller = choice(replace(workload, write_units=units)) if units < _SMALLER * workload.write_units else None
    if smaller and smaller.bill.buffered_dollars >= chosen.bill.buffered_dollars:
        smaller = None
    can_batch = workload.records_per_request < FULL_BATCH and workload.record_bytes * FULL_BATCH <= REQUEST_BYTES_MAX
    return Advice(
        given,
        chosen,
        parameters(chosen.plan, deployment),
        smaller,
        batched=choice(replace(chosen.plan.workload, records_per_request=FULL_BATCH)) if can_batch else None,
    )
