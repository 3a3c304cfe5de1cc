"""Reads how many messages a queue holds."""

from typing import TYPE_CHECKING

from telemetry.queue_depth import DEPTH_ATTRIBUTES, QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def depth_of(sqs: "SQSClient", url: str) -> QueueDepth:
    """Raises botocore's errors."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=DEPTH_ATTRIBUTES)
    return QueueDepth.of(answer["Attributes"])
