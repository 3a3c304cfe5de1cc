"""Reads how many messages a queue holds."""

import logging
from typing import TYPE_CHECKING

from api.problems import QueueUnavailable
from api.reads.calls import CallFailed, Calls
from telemetry.queue_depth import DEPTH_ATTRIBUTES, QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class QueueDepthReader:
    def __init__(self, url: str, calls: "Calls[SQSClient]") -> None:
        self._url = url
        self._calls = calls

    async def read(self) -> QueueDepth:
        """Raises `QueueUnavailable`."""
        try:
            answer = await self._calls(
                lambda sqs: sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=DEPTH_ATTRIBUTES)
            )
        except CallFailed as error:
            log.warning("queue_depth_failed", extra={"cause": str(error)})
            raise QueueUnavailable("SQS did not say how many messages it holds", retry_seconds=1) from error
        return QueueDepth.of(answer["Attributes"])
