"""How many messages a queue holds."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.problems import QueueUnavailable
from api.reads.calls import CallFailed, Calls

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

log = logging.getLogger(__name__)

_WAITING: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
_IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages of a queue, as SQS approximates them."""

    waiting: int
    in_flight: int


class QueueDepth:
    def __init__(self, url: str, calls: "Calls[SQSClient]") -> None:
        self._url = url
        self._calls = calls

    async def read(self) -> Depth:
        """Raises `QueueUnavailable`."""
        try:
            answer = await self._calls(
                lambda sqs: sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[_WAITING, _IN_FLIGHT])
            )
        except CallFailed as error:
            log.warning("queue_depth_failed", extra={"cause": str(error)})
            raise QueueUnavailable("SQS did not say how many messages it holds") from error
        attributes = answer["Attributes"]
        return Depth(waiting=int(attributes[_WAITING]), in_flight=int(attributes[_IN_FLIGHT]))
