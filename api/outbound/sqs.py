"""SendMessageBatch, the call that every record costs, in SQS's JSON protocol.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html. Everything
else that is asked of AWS goes through boto3; docs/decisions/0008 says why this does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.auth import SigV4Auth
from pydantic_core import from_json, to_json

from api.outbound.credentials import Credentials, CredentialsMissing, CredentialSource
from api.outbound.http import ConnectionPool, HttpResponse, ResponseMalformed

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_OK = 200
_CODE_CHARACTERS_MAX = 100
CREDENTIALS_REFUSED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
"""AWS's codes for credentials that it does not know or no longer takes, those that other services use included:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
"""


class SendFailed(Exception):
    """A call that failed, in one word: AWS's error code, or the kind of error on the path to SQS.

    It may have been carried out all the same.
    """


class ResultInvalid(Exception):
    """A 200 whose body is not the result of this call."""


class ConfirmedEntry(TypedDict):
    Id: str


class RefusedEntry(TypedDict):
    Id: str
    Code: str
    SenderFault: bool


class BatchResult(TypedDict):
    """What SQS answers for the entries of one call. Of an entry in neither list it says nothing."""

    Successful: list[ConfirmedEntry]
    Failed: list[RefusedEntry]


class BatchSender:
    """Makes one attempt a call."""

    def __init__(self, pool: ConnectionPool, region: str, credentials: CredentialSource) -> None:
        self._pool = pool
        self._region = region
        self._credentials = credentials

    async def send_message_batch(
        self, queue_url: str, entries: "list[SendMessageBatchRequestEntryTypeDef]"
    ) -> BatchResult:
        """The result names only entries of this call, each once. Raises `SendFailed`."""
        body = to_json({"QueueUrl": queue_url, "Entries": entries})
        read = partial(_read, sent={entry["Id"] for entry in entries})
        try:
            credentials = await self._credentials.get()
            result = await self._pool.post(self._signed_headers(body, credentials), body, read)
        except CredentialsMissing as error:
            raise SendFailed(str(error) or "CredentialsMissing") from None
        except (OSError, ResponseMalformed, ResultInvalid) as error:
            raise SendFailed(type(error).__name__) from None
        if isinstance(result, str):
            if result in CREDENTIALS_REFUSED:
                self._credentials.drop(credentials)
            raise SendFailed(result)
        return result

    def _signed_headers(self, body: bytes, credentials: Credentials) -> Iterable[tuple[str, str]]:
        headers = {
            "host": self._pool.host,
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": "AmazonSQS.SendMessageBatch",
        }
        request = _SignableRequest("POST", f"{self._pool.origin}/", headers, body)
        # The signer reads the three fields that ours share with botocore's own, which print their secrets.
        SigV4Auth(credentials, "sqs", self._region).add_auth(request)  # type: ignore[arg-type]
        return request.headers.items()


@dataclass(slots=True)
class _SignableRequest:
    """What botocore's signer reads of a request, and adds to its headers. botocore's own `AWSRequest` would be prepared
    for botocore's HTTP, too, which costs a third of the signature.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    params: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


def _read(response: HttpResponse, sent: set[str]) -> BatchResult | str:
    """The result, or the error's code. Raises `ResultInvalid`."""
    try:
        content: Any = from_json(response.body)
    except ValueError:
        content = None
    if response.status == _OK:
        return _checked(content, sent)
    # "com.amazonaws.sqs#QueueDoesNotExist"
    code = content.get("__type") if isinstance(content, dict) else None
    return _code(code).rpartition("#")[2] or f"status_{response.status}"


def _checked(content: Any, sent: set[str]) -> BatchResult:  # noqa: ANN401 - whatever came over the network
    """What SQS confirms is believed only as a whole: a result that names an entry that was not sent, or one twice, or
    that has another shape, may belong to another call.
    """
    if not isinstance(content, dict):
        raise ResultInvalid("no object")
    left = set(sent)
    successful = [ConfirmedEntry(Id=entry["Id"]) for entry in _entries(content, "Successful", left)]
    failed = [
        RefusedEntry(Id=entry["Id"], Code=_code(entry.get("Code")), SenderFault=entry.get("SenderFault") is True)
        for entry in _entries(content, "Failed", left)
    ]
    return {"Successful": successful, "Failed": failed}


def _entries(content: dict[str, Any], name: str, left: set[str]) -> list[dict[str, Any]]:
    """The entries of one list, each of which is taken from `left`."""
    entries = content.get(name)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ResultInvalid(f"{name} is no list")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("Id"), str) or entry["Id"] not in left:
            raise ResultInvalid(f"{name} holds what was not sent, or holds it twice")
        left.remove(entry["Id"])
    return entries


def _code(code: object) -> str:
    """AWS's error code, for the log: empty when it is not a short text."""
    return code if isinstance(code, str) and len(code) <= _CODE_CHARACTERS_MAX else ""
