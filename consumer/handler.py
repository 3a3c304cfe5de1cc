"""The Lambda handler: an SQS event in, the batch's failures out.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from consumer.delivery import Delivery
from consumer.drain import Drain, DrainDependencies
from telemetry.frames import traceback_frames

log = logging.getLogger(__name__)

Event = dict[str, Any]
"""`{"Records": [{"messageId", "body", "attributes", "messageAttributes", …}, …]}`"""
BatchResponse = dict[str, list[dict[str, str]]]
"""`{"batchItemFailures": [{"itemIdentifier": messageId}, …]}`"""


class LambdaContext(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


class InvocationFailed(Exception):
    """A bug in the consumer. Only the error's type leaves the process; the log has the traceback's frames."""


def create_handler(
    dependencies: DrainDependencies, flush: Callable[[], None]
) -> Callable[[Event, LambdaContext], BatchResponse]:
    """An unexpected error fails the whole batch: SQS redelivers it, and nothing is lost."""

    def handler(event: Event, context: LambdaContext) -> BatchResponse:
        deliveries = [Delivery.of(sqs_record) for sqs_record in event["Records"]]
        try:
            returned = Drain(dependencies, context.get_remaining_time_in_millis).drain(deliveries)
        except Exception as error:  # noqa: BLE001 - the last resort, and another error is raised for it
            # Lambda logs the text of an error that leaves the handler, and this one's text could quote a record.
            cause = type(error).__name__
            log.error("internal_error", extra={"cause": cause, "at": traceback_frames(error)})
            raise InvocationFailed(cause) from None
        finally:
            flush()
        return {"batchItemFailures": [{"itemIdentifier": delivery.message_id} for delivery in returned]}

    return handler
