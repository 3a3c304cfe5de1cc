"""The table's edge, for writing: one conditional put, what became of it, and what the table says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from records.item import RESERVED_NAME, VERSION, Provenance, to_item
from records.validation import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_THROTTLES = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
_REFUSALS = {"ValidationException", "ItemCollectionSizeLimitExceededException"}
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
_MISCONFIGURATIONS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
}
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html: a reason names
# what is exhausted, and of these only a key range leaves room for other keys.
_KEY_RANGE = "KeyRange"
# Also true of an item that did not come through Forebay: every version is newer than none, and than what is no version.
_OLDER_OR_NONE = (
    "attribute_not_exists(#forebay.#version) OR NOT attribute_type(#forebay.#version, :string)"
    " OR #forebay.#version < :version"
)
_NAMES = {"#forebay": RESERVED_NAME, "#version": VERSION}


@dataclass(frozen=True, slots=True)
class Put:
    """A put that is done: the table holds this version, or (`superseded`) held it or a newer one before."""

    superseded: bool
    units: float | None
    """The table's write units that it used; None where DynamoDB does not say."""


class TableThrottled(Exception):
    """DynamoDB says no for now, to every key."""

    code = "table_throttled"


class KeyThrottled(Exception):
    """DynamoDB says no for now to this key and its neighbours; there is room for others."""

    code = "key_throttled"


class TableUnavailable(Exception):
    """The put may or may not have been carried out; putting again is right either way."""

    code = "table_unavailable"


class TableMisconfigured(Exception):
    """No put can succeed until somebody repairs the permissions, the credentials or the table's name."""

    code = "table_misconfigured"


class PutRefused(Exception):
    """DynamoDB will never take this record."""

    code = "put_refused"


class RecordTable:
    """Puts records, each once: the client passed in makes one attempt a call, because the drain owns the retries."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, record: Record, provenance: Provenance) -> Put:
        """Puts the record unless the table holds this version of it or a newer one.

        Raises `TableThrottled`, `KeyThrottled`, `TableUnavailable`, `TableMisconfigured` or `PutRefused`.
        """
        try:
            answer = self._client.put_item(
                TableName=self._name,
                Item=to_item(record.attributes, provenance),
                ConditionExpression=_OLDER_OR_NONE,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={":version": {"S": record.version}, ":string": {"S": "S"}},
                ReturnConsumedCapacity="INDEXES",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return Put(superseded=True, units=None)
            raise _fact(error) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise TableMisconfigured(type(error).__name__) from error
        except BotoCoreError as error:
            raise TableUnavailable(type(error).__name__) from error
        consumed = answer.get("ConsumedCapacity", {})
        # What indexes use is their own capacity, not the table's.
        units = consumed.get("Table", consumed).get("CapacityUnits")
        return Put(superseded=False, units=units)

    def write_units_per_second(self) -> float | None:
        """What the table is provisioned for; None when it is on-demand. Raises `TableUnavailable`."""
        try:
            table = self._client.describe_table(TableName=self._name)["Table"]
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(type(error).__name__) from error
        return table.get("ProvisionedThroughput", {}).get("WriteCapacityUnits") or None


def _fact(error: ClientError) -> Exception:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _THROTTLES:
        # botocore's models spell it both ways. A throttle may come without a reason.
        response: Mapping[str, Any] = error.response
        told = response.get("ThrottlingReasons") or response.get("throttlingReasons") or ()
        reasons = [each.get("reason", "") for each in told]
        hot = bool(reasons) and all(_KEY_RANGE in reason for reason in reasons)
        return (KeyThrottled if hot else TableThrottled)(",".join(reasons) or code)
    if code in _REFUSALS:
        return PutRefused(message)
    if code in _MISCONFIGURATIONS:
        return TableMisconfigured(code)
    return TableUnavailable(code)
