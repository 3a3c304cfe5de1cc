"""The table's edge: one conditional put, and what became of it by DynamoDB's error."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from consumer.table import Put, PutRefused, RecordTable, TableThrottled, TableUnavailable
from records.item import Provenance
from records.record import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_RECORD = Record("a", {"id": "a"}, _VERSION)
_PROVENANCE = Provenance.of(_VERSION, 0, 0)


class DynamoDb:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.requests: list[dict[str, Any]] = []

    def put_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.error:
            raise self.error
        return {}


def put(dynamodb: DynamoDb) -> Put:
    return RecordTable(cast("DynamoDBClient", dynamodb), "table-name").put(_RECORD, _PROVENANCE)


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "PutItem")


def test_a_put_is_conditional_on_the_version() -> None:
    dynamodb = DynamoDb()
    assert put(dynamodb) is Put.STORED
    (request,) = dynamodb.requests
    assert request["TableName"] == "table-name"
    assert request["Item"]["_forebay"]["M"]["version"] == {"S": _VERSION}
    assert request["ExpressionAttributeValues"] == {":version": {"S": _VERSION}, ":string": {"S": "S"}}


def test_a_newer_version_that_is_there_is_success() -> None:
    assert put(DynamoDb(error("ConditionalCheckFailedException"))) is Put.SUPERSEDED


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (error("ProvisionedThroughputExceededException"), TableThrottled),
        (error("ThrottlingException"), TableThrottled),
        (error("RequestLimitExceeded"), TableThrottled),
        (error("ValidationException"), PutRefused),
        (error("ItemCollectionSizeLimitExceededException"), PutRefused),
        (error("InternalServerError"), TableUnavailable),
        (error("AccessDeniedException"), TableUnavailable),
        (error("ResourceNotFoundException"), TableUnavailable),
        (ReadTimeoutError(endpoint_url=""), TableUnavailable),
        (ConnectTimeoutError(endpoint_url=""), TableUnavailable),
    ],
)
def test_each_error_is_the_tables_or_the_records(trouble: Exception, outcome: type[Exception]) -> None:
    with pytest.raises(outcome):
        put(DynamoDb(trouble))
