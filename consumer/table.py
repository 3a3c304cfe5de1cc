"""The table's edge, for writing: one conditional put, and what became of it."""

from enum import Enum, auto
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from records.item import RESERVED_NAME, VERSION, Provenance, to_item
from records.record import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_THROTTLES = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
_REFUSALS = {"ValidationException", "ItemCollectionSizeLimitExceededException"}
# Also true of an item that did not come through Forebay: every version is newer than none, and than what is no version.
_OLDER_OR_NONE = (
    "attribute_not_exists(#forebay.#version) OR NOT attribute_type(#forebay.#version, :string)"
    " OR #forebay.#version < :version"
)
_NAMES = {"#forebay": RESERVED_NAME, "#version": VERSION}


class Put(Enum):
    """A put that is done: the table holds this version or a newer one."""

    STORED = auto()
    SUPERSEDED = auto()


class TableThrottled(Exception):
    """DynamoDB says no for now."""

    code = "table_throttled"


class TableUnavailable(Exception):
    """The put may or may not have been carried out; putting again is right either way."""

    code = "table_unavailable"


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

        Raises `TableThrottled`, `TableUnavailable` or `PutRefused`.
        """
        try:
            self._client.put_item(
                TableName=self._name,
                Item=to_item(record.attributes, provenance),
                ConditionExpression=_OLDER_OR_NONE,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={":version": {"S": record.version}, ":string": {"S": "S"}},
            )
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code == "ConditionalCheckFailedException":
                return Put.SUPERSEDED
            if code in _THROTTLES:
                raise TableThrottled(code) from error
            if code in _REFUSALS:
                raise PutRefused(message) from error
            raise TableUnavailable(code) from error
        except BotoCoreError as error:
            raise TableUnavailable(type(error).__name__) from error
        return Put.STORED
