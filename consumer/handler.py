"""The Lambda handler: an SQS event in, the batch's failures out.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from consumer.delivery import Delivery
from consumer.drain import Drain, Parts

log = logging.getLogger(__name__)

Event = dict[str, Any]
"""`{"Records": [{"messageId", "body", "attributes", "messageAttributes", …}, …]}`"""
BatchResponse = dict[str, list[dict[str, str]]]
"""`{"batchItemFailures": [{"itemIdentifier": messageId}, …]}`"""


class Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


def create_handler(parts: Parts, flush: Callable[[], None]) -> Callable[[Event, Context], BatchResponse]:
    """An error that the drain does not know fails the whole batch: SQS delivers it again, and nothing is lost."""

    def handler(event: Event, context: Context) -> BatchResponse:
        deliveries = [Delivery.of(sqs_record) for sqs_record in event["Records"]]
        try:
            back = Drain(parts, context.get_remaining_time_in_millis).drain(deliveries)
        finally:
            flush()
        log.info("drained", extra={"messages": len(deliveries), "back": len(back)})
        return {"batchItemFailures": [{"itemIdentifier": delivery.message_id} for delivery in back]}

    return handler
