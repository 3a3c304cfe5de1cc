"""The table, for writing: one conditional put, and which error it raises for each error of DynamoDB."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from consumer.table import (
    KeyThrottled,
    Put,
    PutRefused,
    TableMisconfigured,
    TableThrottled,
    TableUnavailable,
    TableWriter,
)
from records.item import Provenance
from records.key import Key
from records.validation import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_RECORD = Record(Key("a"), {"id": "a"}, _VERSION)
_PROVENANCE = Provenance.of(_VERSION, 0, 0)


class DynamoDb:
    def __init__(self, error: Exception | None = None, **answer: Any) -> None:
        self.error = error
        self.answer = answer
        self.requests: list[dict[str, Any]] = []

    def put_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.error:
            raise self.error
        return self.answer

    def describe_table(self, **request: Any) -> dict[str, Any]:
        return self.put_item(**request)


def table(dynamodb: DynamoDb) -> TableWriter:
    return TableWriter(cast("DynamoDBClient", dynamodb), "table-name")


def put(dynamodb: DynamoDb) -> Put:
    return table(dynamodb).put(_RECORD, _PROVENANCE)


def error(code: str, **more: Any) -> ClientError:
    return ClientError(cast("Any", {"Error": {"Code": code, "Message": "because"}, **more}), "PutItem")


def test_a_put_is_conditional_on_the_version() -> None:
    dynamodb = DynamoDb()
    assert put(dynamodb) == Put(superseded=False, units=None)
    (request,) = dynamodb.requests
    assert request["TableName"] == "table-name"
    assert "#forebay.#version < :version" in request["ConditionExpression"]
    assert request["Item"]["_forebay"]["M"]["version"] == {"S": _VERSION}
    assert request["ExpressionAttributeValues"] == {":version": {"S": _VERSION}, ":string": {"S": "S"}}


def test_a_put_that_the_table_has_in_a_newer_version_succeeds_as_superseded() -> None:
    assert put(DynamoDb(error("ConditionalCheckFailedException"))) == Put(superseded=True, units=None)


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (error("ProvisionedThroughputExceededException"), TableThrottled),
        (error("ThrottlingException"), TableThrottled),
        (error("RequestLimitExceeded"), TableThrottled),
        (error("ValidationException"), PutRefused),
        (error("ItemCollectionSizeLimitExceededException"), PutRefused),
        (error("InternalServerError"), TableUnavailable),
        (error("AccessDeniedException"), TableMisconfigured),
        (error("ResourceNotFoundException"), TableMisconfigured),
        (error("UnrecognizedClientException"), TableMisconfigured),
        (error("ExpiredTokenException"), TableMisconfigured),
        (NoCredentialsError(), TableMisconfigured),
        (PartialCredentialsError(provider="env", cred_var="key"), TableMisconfigured),
        (ReadTimeoutError(endpoint_url=""), TableUnavailable),
        (ConnectTimeoutError(endpoint_url=""), TableUnavailable),
    ],
)
def test_each_error_of_dynamodb_raises_the_error_that_says_what_to_do(
    raised: Exception, outcome: type[Exception]
) -> None:
    with pytest.raises(outcome):
        put(DynamoDb(raised))


_KEY_RANGE = {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn"}
_INDEX_KEY_RANGE = {"reason": "IndexWriteKeyRangeThroughputExceeded", "resource": "arn"}
_PROVISIONED = {"reason": "TableWriteProvisionedThroughputExceeded", "resource": "arn"}


@pytest.mark.parametrize("spelling", ["ThrottlingReasons", "throttlingReasons"])
@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
@pytest.mark.parametrize(
    ("reasons", "outcome"),
    [
        ([_KEY_RANGE], KeyThrottled),
        ([_KEY_RANGE, _INDEX_KEY_RANGE], KeyThrottled),
        ([_PROVISIONED], TableThrottled),
        ([_KEY_RANGE, _PROVISIONED], TableThrottled),
        ([{"resource": "arn"}], TableThrottled),
        ([], TableThrottled),
    ],
)
def test_a_throttle_is_of_the_key_only_if_every_reason_names_a_key_range(
    spelling: str, code: str, reasons: list[dict[str, str]], outcome: type[Exception]
) -> None:
    with pytest.raises(outcome):
        put(DynamoDb(error(code, **{spelling: reasons})))


def index(name: str, **described: Any) -> dict[str, Any]:
    return {"IndexName": name, **described}


@pytest.mark.parametrize(
    ("consumed", "units"),
    [
        ({"CapacityUnits": 7.0, "Table": {"CapacityUnits": 3.0}}, {"": 3.0}),
        ({"CapacityUnits": 2.0}, {"": 2.0}),
        (
            {
                "CapacityUnits": 8.0,
                "Table": {"CapacityUnits": 3.0},
                "GlobalSecondaryIndexes": {"one": {"CapacityUnits": 1.0}, "two": {"CapacityUnits": 4.0}},
            },
            {"": 3.0, "one": 1.0, "two": 4.0},
        ),
        ({}, None),
        (None, None),
    ],
)
def test_the_units_of_a_put_are_those_of_the_table_and_of_each_index(
    consumed: dict[str, Any] | None, units: dict[str, float] | None
) -> None:
    dynamodb = DynamoDb() if consumed is None else DynamoDb(ConsumedCapacity=consumed)
    assert put(dynamodb) == Put(superseded=False, units=units)
    assert dynamodb.requests[0]["ReturnConsumedCapacity"] == "INDEXES"


def provisioned(units: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": units}}


def on_demand(units: int) -> dict[str, Any]:
    """As DescribeTable answers: the provisioned units of an on-demand table are 0, and -1 is no maximum."""
    return {**provisioned(0), "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": units}}


@pytest.mark.parametrize(
    ("described", "rates"),
    [
        (provisioned(5), {"": 5}),
        (on_demand(40), {"": 40}),
        (on_demand(-1), {}),
        (provisioned(0), {}),
        ({}, {}),
        (
            {**provisioned(5), "GlobalSecondaryIndexes": [index("one", **provisioned(2)), index("two")]},
            {"": 5, "one": 2},
        ),
        (
            {
                **on_demand(-1),
                "GlobalSecondaryIndexes": [index("one", **on_demand(7)), index("two", **on_demand(-1))],
            },
            {"one": 7},
        ),
    ],
)
def test_the_rates_are_the_provisioned_units_or_the_on_demand_maximum_of_the_table_and_of_each_index(
    described: dict[str, Any], rates: dict[str, float]
) -> None:
    assert table(DynamoDb(Table=described)).units_per_second() == rates


@pytest.mark.parametrize("raised", [error("AccessDeniedException"), ReadTimeoutError(endpoint_url="")])
def test_a_failed_read_of_the_rate_raises_table_unavailable(raised: Exception) -> None:
    with pytest.raises(TableUnavailable):
        table(DynamoDb(raised)).units_per_second()
