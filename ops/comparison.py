"""What the same writes cost with the buffer and without one, and which is the cheapest. Pure.

The API and the reads cost the same with each, so they are not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ops.plan import Plan
from ops.prices import Bill

OptionName: TypeAlias = Literal["forebay", "on_demand_without_buffer", "provisioned_for_peak_without_buffer"]


@dataclass(frozen=True, slots=True)
class Option:
    name: OptionName
    dollars: float
    """A month."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """At least two options. A plan that loses records is not among them."""

    options: Sequence[Option]

    @property
    def cheapest(self) -> Option:
        return min(self.options, key=lambda option: option.dollars)

    @property
    def pays(self) -> bool:
        """Whether the buffer is the cheapest."""
        return self.cheapest.name == "forebay"

    @property
    def cheapest_without_buffer(self) -> Option:
        return min((option for option in self.options if option.name != "forebay"), key=lambda option: option.dollars)


def comparison(planned: Plan, billed: Bill) -> Comparison:
    forebay = [Option("forebay", billed.buffered_dollars)] if planned.keeps_all else []
    on_demand = Option("on_demand_without_buffer", billed.on_demand.dollars)
    return Comparison([*forebay, on_demand, Option("provisioned_for_peak_without_buffer", billed.peak.dollars)])
