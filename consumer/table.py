"""Writes to the DynamoDB table: one conditional put and its outcome, and the table's provisioned rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from records.item import RESERVED_NAME, VERSION, Provenance, to_item
from records.validation import Record
from telemetry.time_to_empty import units_per_second

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
# what has no capacity left. Only with an exhausted key range is there capacity left for other keys.
_KEY_RANGE = "KeyRange"
# Also true for an item that did not come through Forebay: a missing or invalid version counts as older than any other.
_OLDER_OR_NONE = (
    "attribute_not_exists(#forebay.#version) OR NOT attribute_type(#forebay.#version, :string)"
    " OR #forebay.#version < :version"
)
_NAMES = {"#forebay": RESERVED_NAME, "#version": VERSION}


@dataclass(frozen=True, slots=True)
class Put:
    """A successful put. `superseded`: the table already held this version or a newer one, and nothing changed."""

    superseded: bool
    units: dict[str, float] | None
    """The write units that the put consumed, of the table ("") and of each index; None where DynamoDB does not say."""


class TableThrottled(Exception):
    """The table has no write capacity left for now, for any key."""

    code = "table_throttled"


class KeyThrottled(Exception):
    """The key's partition has no write capacity left for now; other partitions have."""

    code = "key_throttled"


class TableUnavailable(Exception):
    """The put may or may not have been carried out. To retry is right either way."""

    code = "table_unavailable"


class TableMisconfigured(Exception):
    """No put can succeed until somebody fixes the permissions, the credentials or the table's name."""

    code = "table_misconfigured"


class PutRefused(Exception):
    """DynamoDB will never take this record."""

    code = "put_refused"


class TableWriter:
    """The client passed in makes one attempt per call, because the drain owns the retries."""

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
            raise _put_error(error) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise TableMisconfigured(type(error).__name__) from error
        except BotoCoreError as error:
            raise TableUnavailable(type(error).__name__) from error
        consumed = answer.get("ConsumedCapacity", {})
        # Indexes consume capacity of their own, not the table's.
        units = {"": consumed.get("Table", consumed).get("CapacityUnits", 0.0)}
        units |= {name: used["CapacityUnits"] for name, used in consumed.get("GlobalSecondaryIndexes", {}).items()}
        return Put(superseded=False, units=units if units[""] else None)

    def units_per_second(self) -> dict[str, float]:
        """The write units per second of the table ("") and of each index, provisioned or as an on-demand maximum; none
        for what has no limit. Raises `TableUnavailable`.
        """
        try:
            table = self._client.describe_table(TableName=self._name)["Table"]
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(type(error).__name__) from error
        described = {"": table, **{each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", [])}}
        rates = {name: units_per_second(each) for name, each in described.items()}
        return {name: rate for name, rate in rates.items() if rate}


def _put_error(error: ClientError) -> Exception:
    """Which of this module's errors a refused put is, by AWS's error code."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _THROTTLES:
        # botocore's models spell the member both ways. A throttle may come without a reason.
        response: Mapping[str, Any] = error.response
        throttling_reasons = response.get("ThrottlingReasons") or response.get("throttlingReasons") or ()
        reasons = [each.get("reason", "") for each in throttling_reasons]
        only_key_ranges = bool(reasons) and all(_KEY_RANGE in reason for reason in reasons)
        return (KeyThrottled if only_key_ranges else TableThrottled)(",".join(reasons) or code)
    if code in _REFUSALS:
        return PutRefused(message)
    if code in _MISCONFIGURATIONS:
        return TableMisconfigured(code)
    return TableUnavailable(code)
