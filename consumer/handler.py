"""The Lambda handler: an SQS event in, the batch's failures out.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from consumer.delivery import Delivery
from consumer.drain import Drain, Parts
from telemetry.frames import places

log = logging.getLogger(__name__)

Event = dict[str, Any]
"""`{"Records": [{"messageId", "body", "attributes", "messageAttributes", …}, …]}`"""
BatchResponse = dict[str, list[dict[str, str]]]
"""`{"batchItemFailures": [{"itemIdentifier": messageId}, …]}`"""


class Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


class InvocationFailed(Exception):
    """Something is wrong in the consumer; the log says where. All that is known outside is this."""


def create_handler(parts: Parts, flush: Callable[[], None]) -> Callable[[Event, Context], BatchResponse]:
    """An error that the drain does not know fails the whole batch: SQS delivers it again, and nothing is lost."""

    def handler(event: Event, context: Context) -> BatchResponse:
        deliveries = [Delivery.of(sqs_record) for sqs_record in event["Records"]]
        try:
            back = Drain(parts, context.get_remaining_time_in_millis).drain(deliveries)
        except Exception as error:  # noqa: BLE001 - the last resort, and it is raised again
            # Lambda logs what leaves here with its text, which could quote a record.
            cause = type(error).__name__
            log.error("internal_error", extra={"cause": cause, "at": places(error)})
            raise InvocationFailed(cause) from None
        finally:
            flush()
        log.info("drained", extra={"messages": len(deliveries), "back": len(back)})
        return {"batchItemFailures": [{"itemIdentifier": delivery.message_id} for delivery in back]}

    return handler
