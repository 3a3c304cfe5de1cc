"""The backlog: how many messages the buffer holds, and an estimate of how long the table needs for them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field

from records.item import RESERVED_BYTES, write_units
from records.message import Message
from telemetry.running_average import RunningAverage
from telemetry.time_to_empty import seconds_to_empty, units_per_item, units_per_second

TableDescription: TypeAlias = Mapping[str, Any]
"""The `Table` of DescribeTable's answer."""

_SMOOTHING = 0.01
_UNITS_PER_RECORD = (
    "What a record costs: the average of those that this process accepted last, or else of the items in the table; "
    "null if neither is known."
)
_SECONDS = (
    "An estimate of the time until the buffer is empty, if nothing else arrives; null if rate or cost are unknown."
)
_IN_FLIGHT = "Messages that the consumer has received. Most are hidden until the table will have capacity for them."


class DrainEstimate(BaseModel):
    """What the table takes, and so how long the backlog lasts."""

    write_capacity_units: Annotated[
        float | None,
        Field(description="Write units a second; null for an on-demand table without a maximum.", examples=[5]),
    ]
    write_units_per_record: Annotated[float | None, Field(description=_UNITS_PER_RECORD, examples=[1.0])]
    seconds: Annotated[
        float | None,
        Field(description=_SECONDS, examples=[10]),
    ]


class Buffer(BaseModel):
    """The buffer, by SQS's approximate counts."""

    waiting: Annotated[int, Field(description="Messages that wait in the queue, delayed ones too.", examples=[40])]
    in_flight: Annotated[int, Field(description=_IN_FLIGHT, examples=[10])]
    dead_lettered: Annotated[int, Field(description="Messages in the dead-letter queue.", examples=[0])]
    drain: DrainEstimate


class WriteUnits:
    """A moving average of what accepted records will cost: their JSON text is about as long as their item."""

    def __init__(self) -> None:
        self._average = RunningAverage(_SMOOTHING)

    def accepted(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._average.add(write_units(message.size + RESERVED_BYTES))

    @property
    def per_record(self) -> float | None:
        """None before anything was accepted."""
        return self._average.value or None


def estimate_drain(backlog: int, table: TableDescription, accepted_units: float | None) -> DrainEstimate:
    """`accepted_units` is what a record costs that was accepted lately, if that is known."""
    units = accepted_units or units_per_item(table)
    rate = units_per_second(table)
    seconds = seconds_to_empty(backlog, units, rate)
    return DrainEstimate(
        write_capacity_units=rate,
        write_units_per_record=None if units is None else round(units, 2),
        seconds=None if seconds is None else round(seconds, 1),
    )
