"""A message of a simulated queue, and its size as SQS counts it."""

from dataclasses import dataclass
from enum import Enum

from dev.simulation.clock import EPOCH_MS


class State(Enum):
    VISIBLE = "visible"
    IN_FLIGHT = "in_flight"
    DELAYED = "delayed"


@dataclass(slots=True, eq=False)
class SimulatedMessage:
    message_id: str
    body: str
    attributes: dict[str, str]
    sent: float
    size: int
    """Bytes, as SQS meters them: https://aws.amazon.com/sqs/pricing/"""
    visible_at: float = 0.0
    received_at: float = 0.0
    first_received_at: float = 0.0
    receives: int = 0
    handle: str = ""
    lineage: int = 0
    """How many invocations of the consumer led to it: the trace header says so, which the SDK hands on."""
    moved: bool = False
    """By SQS, to the dead-letter queue."""
    gone: bool = False
    state: State = State.VISIBLE

    def becomes_visible(self, at: float) -> bool:
        return self.visible_at == at and self.state is not State.VISIBLE and not self.gone

    @property
    def sent_ms(self) -> int:
        return EPOCH_MS + int(self.sent * 1000)

    @property
    def first_received_ms(self) -> int:
        return EPOCH_MS + int(self.first_received_at * 1000)


def message_bytes(body: str, attributes: dict[str, str]) -> int:
    size = len(body) if body.isascii() else len(body.encode())
    return size + sum(len(name) + len("String") + len(text.encode()) for name, text in attributes.items())
