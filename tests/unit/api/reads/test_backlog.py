"""`/buffer` and `/ready`: where the backlog stands, and whether queue and table can be reached."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from api.reads.backlog import WriteUnits
from records.key import Key
from records.message import Message
from tests.unit.api.doubles import DynamoDb, Sqs, app_of, request


class DeafSqs(Sqs):
    def get_queue_attributes(self, **_request: Any) -> Any:
        raise ConnectTimeoutError(endpoint_url="")


class DeafDynamoDb(DynamoDb):
    def describe_table(self, **_request: Any) -> Any:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeTable")


def table_with(items: int, size: int, **described: Any) -> DynamoDb:
    dynamodb = DynamoDb({})
    dynamodb.described = {"ItemCount": items, "TableSizeBytes": size, **described}
    return dynamodb


def test_the_buffer_tells_its_counts_and_an_estimate() -> None:
    assert request(app_of(dynamodb=table_with(10, 20_000)), "GET", "/buffer").json() == {
        "waiting": 40,
        "in_flight": 10,
        "dead_lettered": 3,
        "drain": {"write_capacity_units": 5, "write_units_per_record": 2.0, "seconds": 20.0},
    }


def test_a_process_that_accepted_nothing_beside_a_table_without_items_does_not_guess() -> None:
    drain = request(app_of(), "GET", "/buffer").json()["drain"]
    assert drain == {"write_capacity_units": 5, "write_units_per_record": None, "seconds": None}


def test_the_estimate_knows_how_large_records_are() -> None:
    app = app_of(dynamodb=table_with(10, 100_000))
    body = json.dumps({"id": "1", "a": "x" * 4096})
    request(app, "POST", "/records", content=body, headers={"content-type": "application/json"})
    drain = request(app, "GET", "/buffer").json()["drain"]
    assert (drain["write_units_per_record"], drain["seconds"]) == (5.0, 50.0)


def test_an_on_demand_table_has_no_capacity_to_wait_for() -> None:
    drain = request(app_of(dynamodb=DynamoDb({}, write_capacity_units=0)), "GET", "/buffer").json()["drain"]
    assert (drain["write_capacity_units"], drain["seconds"]) == (None, None)


def test_an_on_demand_table_with_a_maximum_has_a_rate() -> None:
    dynamodb = table_with(10, 10_000, ProvisionedThroughput={}, OnDemandThroughput={"MaxWriteRequestUnits": 10})
    drain = request(app_of(dynamodb=dynamodb), "GET", "/buffer").json()["drain"]
    assert (drain["write_capacity_units"], drain["seconds"]) == (10, 5.0)


def test_the_average_follows_what_is_accepted() -> None:
    units = WriteUnits()
    units.accepted([Message(Key(""), "", "", 10_000)])
    assert units.per_record == 10
    units.accepted([Message(Key(""), "", "", 100)] * 1000)
    assert 1 <= (units.per_record or 0) < 1.1


def test_a_large_first_record_weighs_no_more_than_those_that_follow() -> None:
    units = WriteUnits()
    units.accepted([Message(Key(""), "", "", 10_000), *[Message(Key(""), "", "", 100)] * 9])
    assert units.per_record == pytest.approx(1.9)


@pytest.mark.parametrize(
    ("sqs", "dynamodb", "status", "code"),
    [
        (Sqs(), DynamoDb({}), 200, None),
        (DeafSqs(), DynamoDb({}), 503, "queue_unavailable"),
        (Sqs(), DeafDynamoDb({}), 503, "table_unavailable"),
    ],
)
@pytest.mark.parametrize("path", ["/ready", "/buffer"])
def test_what_cannot_be_reached_is_said(path: str, sqs: Sqs, dynamodb: DynamoDb, status: int, code: str | None) -> None:
    answer = request(app_of(sqs, dynamodb), "GET", path)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert status == 200 or answer.headers["retry-after"] in {"1", "2"}
