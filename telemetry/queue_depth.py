"""How many messages a queue holds: one definition for `GET /buffer`, `ops status` and everything else that asks. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_VISIBLE: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
_DELAYED: "QueueAttributeNameType" = "ApproximateNumberOfMessagesDelayed"
_IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"
DEPTH_ATTRIBUTES: "tuple[QueueAttributeNameType, ...]" = (_VISIBLE, _DELAYED, _IN_FLIGHT)
"""The `AttributeNames` to ask GetQueueAttributes for."""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Numbers of messages, as SQS approximates them. Every message of a queue is in exactly one of them."""

    visible: int
    """Messages that can be received now."""
    delayed: int
    """Messages that were sent with a delay which is not over yet. The consumer re-enqueues messages with one."""
    in_flight: int
    """Messages that were received and are neither deleted nor visible again."""

    @classmethod
    def of(cls, attributes: "Mapping[QueueAttributeNameType, str]") -> "QueueDepth":
        """From the `Attributes` of GetQueueAttributes' answer."""
        return cls(*(int(attributes[name]) for name in DEPTH_ATTRIBUTES))

    @property
    def waiting(self) -> int:
        """Messages that nobody has received: visible or delayed."""
        return self.visible + self.delayed

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight
