"""Tables with other key schemas than `id`: from the API through the consumer into AWS's own DynamoDB engine."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.handler import create_handler
from consumer.table import TableWriter
from records.key import KeySchema
from tests.dynamodb_local.cases import cases
from tests.unit.api.doubles import Sqs, app_of, request
from tests.unit.consumer.doubles import Consumer, Context, sqs_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_JSON = {"content-type": "application/json"}


class Forebay:
    """The API and the consumer with a list as the queue, and a table with this key schema."""

    def __init__(self, dynamodb: "DynamoDBClient", key: str) -> None:
        schema, self.name = KeySchema.read(key), key.translate(str.maketrans(":,", "._"))
        attributes = [each for each in (schema.partition, schema.sort) if each]
        dynamodb.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": each.name, "AttributeType": each.kind} for each in attributes],
            KeySchema=[
                {"AttributeName": each.name, "KeyType": kind}  # type: ignore[typeddict-item] # HASH or RANGE
                for each, kind in zip(attributes, ("HASH", "RANGE"), strict=False)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.sqs = Sqs()
        self.app = app_of(self.sqs, dynamodb, key=key, table_name=self.name)
        drain = Consumer(key=key)
        self.dead = drain.dead
        self._handle = create_handler(drain.dependencies_with(TableWriter(dynamodb, self.name)), lambda: None)

    def post(self, *records: Any) -> Any:
        return request(self.app, "POST", "/records", content=json.dumps(records), headers=_JSON)

    def drain(self, *, newest_first: bool = False) -> None:
        sent, self.sqs.durable = self.sqs.durable, []
        for index, entry in enumerate(reversed(sent) if newest_first else sent):
            version = {"version": {**entry["MessageAttributes"]["version"], "dataType": "String"}}
            version["version"]["stringValue"] = version["version"].pop("StringValue")
            event = {"Records": [sqs_record(str(index), entry["MessageBody"], version)]}
            assert self._handle(event, Context()) == {"batchItemFailures": []}
        assert self.dead.letters == []

    def read(self, receipt: dict[str, str]) -> Any:
        sort = {"params": {"sort": receipt["sort"]}} if "sort" in receipt else {}
        answer = request(self.app, "GET", f"/records/{quote(receipt['id'], safe='')}", **sort)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def by_time(dynamodb: "DynamoDBClient") -> Forebay:
    return Forebay(dynamodb, "device:S,time:N")


@pytest.fixture(scope="module")
def by_number(dynamodb: "DynamoDBClient") -> Forebay:
    return Forebay(dynamodb, "number:N")


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_INTEGERS = st.integers(-(10**30), 10**30)


@given(device=_TEXT, time=_INTEGERS, content=_TEXT)
@cases(60)
def test_a_record_is_read_back_by_the_key_in_its_receipt(
    by_time: Forebay, device: str, time: int, content: str
) -> None:
    record = {"device": device, "time": time, "content": content}
    answer = by_time.post(record)
    assert answer.status_code == 202, answer.text
    by_time.drain()
    (receipt,) = answer.json()["records"]
    assert (receipt["id"], receipt["sort"]) == (device, str(time))
    assert by_time.read(receipt) == record


def test_the_newest_record_of_a_key_wins_in_any_order_and_in_any_notation_of_the_number(by_number: Forebay) -> None:
    for text in ('{"number": 1.0, "n": 1}', '{"number": 1, "n": 2}', '{"number": 10e-1, "n": 3}'):
        answer = request(by_number.app, "POST", "/records", content=text, headers=_JSON)
        assert answer.status_code == 202
    by_number.drain(newest_first=True)
    assert by_number.read({"id": "1"}) == {"number": 1, "n": 3}


def test_for_one_key_in_a_request_only_the_newest_record_is_sent(by_time: Forebay) -> None:
    by_time.post(
        {"device": "a", "time": 1, "n": 1}, {"device": "a", "time": 2, "n": 2}, {"device": "a", "time": 1, "n": 3}
    )
    assert [json.loads(body)["n"] for body in by_time.sqs.bodies] == [3, 2]
    by_time.drain()
    assert [by_time.read({"id": "a", "sort": sort})["n"] for sort in ("1", "2")] == [3, 2]


def test_a_record_without_a_complete_key_is_refused_with_the_pointer_to_what_is_missing(by_time: Forebay) -> None:
    answer = by_time.post({"device": "a"}, {"time": 1}, {"device": "a", "time": "1"})
    assert answer.status_code == 422
    errors = [(error["index"], error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert errors == [(0, "/time", "key_invalid"), (1, "/device", "key_invalid"), (2, "/time", "key_invalid")]


@pytest.mark.parametrize("path", ["/records/a", "/records/a?sort=x", "/records/a?sort=99", "/records/%00?sort=1"])
def test_a_key_without_an_item_is_not_found(by_time: Forebay, path: str) -> None:
    answer = request(by_time.app, "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")
