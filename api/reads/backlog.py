"""The backlog: how many messages the buffer holds, and an estimate of how long the table needs for them. Pure."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field

from records.item import RESERVED_BYTES, write_units
from records.message import Message

_SMOOTHING = 0.01
_IN_FLIGHT = "Messages that the consumer has received. Most are hidden until the table will have capacity for them."


class DrainEstimate(BaseModel):
    """What the table takes, and so how long the backlog lasts."""

    write_capacity_units: Annotated[
        int | None, Field(description="Write units a second of the table; null for an on-demand table.", examples=[5])
    ]
    write_units_per_record: Annotated[
        float, Field(description="What a record costs: an average of those that this process accepted.", examples=[1.0])
    ]
    seconds: Annotated[
        float | None,
        Field(description="An estimate of the time until the buffer is empty, if nothing else arrives.", examples=[10]),
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
        self._average = 0.0

    def accepted(self, messages: Iterable[Message]) -> None:
        for message in messages:
            units = write_units(message.size + RESERVED_BYTES)
            self._average += (units - self._average) * _SMOOTHING if self._average else units

    @property
    def per_record(self) -> float:
        """At least one unit, which every write costs."""
        return max(1.0, self._average)


def estimate_drain(backlog: int, write_capacity_units: int | None, units_per_record: float) -> DrainEstimate:
    seconds = None if write_capacity_units is None else round(backlog * units_per_record / write_capacity_units, 1)
    return DrainEstimate(
        write_capacity_units=write_capacity_units,
        write_units_per_record=round(units_per_record, 2),
        seconds=seconds,
    )
