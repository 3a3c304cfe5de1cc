"""Tables with their own keys, filled through the deployed HTTP API and functions: one that existed before the stack,
and new ones. The functions can only do what their roles allow (see emulator.py).

The emulator ignores a template's point-in-time recovery, and reports five units for an on-demand table, where DynamoDB
reports none. Neither is tested here; tests/unit/api and tests/unit/consumer test tables that report none.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.deployment.emulator import Deployment, emulator
from tests.harness.waiting import eventually

_TABLE = "readings"


@pytest.fixture(scope="module")
def own_table() -> Iterator[Deployment]:
    """With an existing table: key device (text) and time (number), and one item that was not posted."""
    with emulator(strict=True) as aws:
        dynamodb = aws.client("dynamodb")
        dynamodb.create_table(
            TableName=_TABLE,
            AttributeDefinitions=[
                {"AttributeName": "device", "AttributeType": "S"},
                {"AttributeName": "time", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "device", "KeyType": "HASH"},
                {"AttributeName": "time", "KeyType": "RANGE"},
            ],
            ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000},
        )
        own = {"device": {"S": "before"}, "time": {"N": "1"}, "value": {"S": "own"}}
        dynamodb.put_item(TableName=_TABLE, Item=own)
        key = {"TablePartitionKey": "device", "TablePartitionKeyType": "S"}
        sort = {"TableSortKey": "time", "TableSortKeyType": "N"}
        yield aws.deploy(Authorization="NONE", ExistingTableName=_TABLE, **key, **sort)


def read(deployment: Deployment, device: str, sort: str) -> Any:
    """The record, or None while it is not in the table."""
    got = deployment.api.get("/records", params={"id": device, "sort": sort})
    assert got.status_code in {200, 404}, got.text
    return got.json() if got.status_code == 200 else None


@pytest.mark.parametrize(
    ("device", "time", "sort"),
    [("pump", "1795445839", "1795445839"), ("a b/é%41", "-0.50", "-0.5"), ("pump", "1e3", "1000")],
)
def test_a_record_is_put_into_the_existing_table_and_read_by_both_keys(
    own_table: Deployment, device: str, time: str, sort: str
) -> None:
    body = f'{{"device": {json.dumps(device)}, "time": {time}, "value": 21.50}}'
    accepted = own_table.api.post("/records", content=body, headers={"content-type": "application/json"})
    assert accepted.status_code == 202, accepted.text
    (receipt,) = accepted.json()["records"]
    assert (receipt["id"], receipt["sort"]) == (device, sort)
    got = eventually(lambda: read(own_table, device, sort))
    assert got == {"device": device, "time": float(time), "value": 21.5}
    key = {"device": {"S": device}, "time": {"N": sort}}
    item = own_table.client("dynamodb").get_item(TableName=_TABLE, Key=key)["Item"]
    assert item["_forebay"]["M"]["version"] == {"S": receipt["version"]}


def test_the_newest_version_of_a_key_wins_and_other_keys_are_unchanged(own_table: Deployment) -> None:
    versions = []
    for value in range(20):
        records = [{"device": "often", "time": time, "value": value + time} for time in (1, 2)]
        accepted = own_table.api.post("/records", json=records)
        assert accepted.status_code == 202
        versions += [receipt["version"] for receipt in accepted.json()["records"]]
    eventually(lambda: own_table.messages() == 0)
    assert read(own_table, "often", "1") == {"device": "often", "time": 1, "value": 20}
    assert read(own_table, "often", "2") == {"device": "often", "time": 2, "value": 21}

    older = {"version": {"DataType": "String", "StringValue": versions[-4]}}
    body = '{"device": "often", "time": 1, "value": "older"}'
    queue = own_table.stack.record_queue_url
    own_table.client("sqs").send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=older)
    eventually(lambda: own_table.messages() == 0)
    assert read(own_table, "often", "1") == {"device": "often", "time": 1, "value": 20}


def test_an_item_that_existed_before_can_be_read_and_replaced(own_table: Deployment) -> None:
    assert read(own_table, "before", "1") == {"device": "before", "time": 1, "value": "own"}
    replaced = {"device": "before", "time": 1, "value": "posted"}
    assert own_table.api.post("/records", json=replaced).status_code == 202
    assert eventually(lambda: (got := read(own_table, "before", "1")) == replaced and got) == replaced


@pytest.mark.parametrize(
    ("record", "pointer"),
    [
        ({"device": "refused"}, "/time"),
        ({"device": "refused", "time": "1"}, "/time"),
        ({"device": "refused", "time": None}, "/time"),
        ({"time": 1}, "/device"),
        ({"device": 1, "time": 1}, "/device"),
        ({"device": "", "time": 1}, "/device"),
    ],
)
def test_a_record_without_its_whole_key_is_refused_with_a_pointer(
    own_table: Deployment, record: dict[str, Any], pointer: str
) -> None:
    refused = own_table.api.post("/records", json=record)
    assert (refused.status_code, refused.json()["code"]) == (422, "records_invalid")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_the_stack_created_no_table(own_table: Deployment) -> None:
    assert own_table.client("dynamodb").list_tables()["TableNames"] == [_TABLE]
    assert own_table.stack.record_table_name == _TABLE
    assert own_table.stack.record_table_key == "device:S,time:N"
    assert "AWS::DynamoDB::Table" not in own_table.resource_types()


# ── new tables ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module", params=["PROVISIONED", "PAY_PER_REQUEST"])
def new_table(request: pytest.FixtureRequest) -> Iterator[tuple[Deployment, str]]:
    """A deployment that created a table with a numeric partition key and a sort key, and that table's billing mode."""
    with emulator(strict=True) as aws:
        key = {"TablePartitionKey": "meter", "TablePartitionKeyType": "N", "TableSortKey": "at"}
        yield aws.deploy(Authorization="NONE", TableBillingMode=request.param, **key), request.param


def test_a_new_table_has_the_parameters_of_the_deployment(new_table: tuple[Deployment, str]) -> None:
    deployment, billing = new_table
    table = deployment.client("dynamodb").describe_table(TableName=deployment.stack.record_table_name)["Table"]
    assert {each["AttributeName"]: each["KeyType"] for each in table["KeySchema"]} == {"meter": "HASH", "at": "RANGE"}
    kinds = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert kinds == {"meter": "N", "at": "S"}
    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingModeSummary"]["BillingMode"] == billing
    if billing == "PROVISIONED":
        assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 1000
    assert "AWS::DynamoDB::Table" in deployment.resource_types()


def test_records_are_put_into_a_new_table_and_read_by_both_keys(new_table: tuple[Deployment, str]) -> None:
    deployment, _ = new_table
    records: list[dict[str, Any]] = [{"meter": 7, "at": f"2026-03-12T19:0{n}:00Z", "kwh": n} for n in range(5)]
    assert deployment.api.post("/records", json=records).status_code == 202
    assert deployment.api.post("/records", json={"meter": 7}).status_code == 422
    eventually(lambda: len(deployment.items()) == len(records))
    assert [read(deployment, "7", record["at"]) for record in records] == records
