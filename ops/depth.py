"""How many messages a queue holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_WAITING: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
_DELAYED: "QueueAttributeNameType" = "ApproximateNumberOfMessagesDelayed"
_IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages of a queue, as SQS approximates them."""

    waiting: int
    """Also those that were sent with a delay which is not over yet."""
    in_flight: int
    """Received by somebody, and neither deleted nor back yet."""

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight


def depth_of(sqs: "SQSClient", url: str) -> Depth:
    """Raises botocore's errors."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_WAITING, _DELAYED, _IN_FLIGHT])
    counts = answer["Attributes"]
    return Depth(int(counts[_WAITING]) + int(counts.get(_DELAYED, 0)), int(counts[_IN_FLIGHT]))
