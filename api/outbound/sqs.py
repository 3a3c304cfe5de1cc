"""SendMessageBatch, the call that every record costs, in SQS's JSON protocol.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html. Everything
else that is asked of AWS goes through boto3; docs/decisions/0008 says what this way is worth.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic_core import to_json

from api.outbound.credentials import CredentialsMissing, GetCredentials
from api.outbound.http import AnswerMalformed, Wire
from api.outbound.signature import signed

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_OK = 200


class SendFailed(Exception):
    """A call that failed, in one word: AWS's error code, or the kind of trouble on the way there.

    It may have been carried out all the same.
    """


class Confirmed(TypedDict):
    Id: str


class Refused(TypedDict):
    Id: str
    Code: str
    SenderFault: bool


class SendMessageBatchAnswer(TypedDict, total=False):
    Successful: list[Confirmed]
    Failed: list[Refused]


class Sqs:
    """Makes one attempt a call. `now` is UTC."""

    def __init__(self, wire: Wire, region: str, credentials: GetCredentials, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._region = region
        self._credentials = credentials
        self._now = now

    async def send_message_batch(
        self, queue_url: str, entries: "list[SendMessageBatchRequestEntryTypeDef]"
    ) -> SendMessageBatchAnswer:
        """Raises `SendFailed`."""
        body = to_json({"QueueUrl": queue_url, "Entries": entries})
        headers = {
            "host": self._wire.host,
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": "AmazonSQS.SendMessageBatch",
        }
        try:
            credentials = await self._credentials()
            headers = signed(headers, body, credentials, region=self._region, service="sqs", now=self._now())
            answer = await self._wire.post(headers, body)
            content: Any = json.loads(answer.body)
        except (OSError, EOFError, AnswerMalformed, CredentialsMissing, ValueError) as error:
            raise SendFailed(str(error) if isinstance(error, CredentialsMissing) else type(error).__name__) from None
        if not isinstance(content, dict):
            raise SendFailed(f"status_{answer.status}")
        if answer.status != _OK:
            # "com.amazonaws.sqs#QueueDoesNotExist"
            raise SendFailed(str(content.get("__type", f"status_{answer.status}")).rpartition("#")[2])
        return content  # type: ignore[return-value] # by the protocol; and it is held against what was sent
