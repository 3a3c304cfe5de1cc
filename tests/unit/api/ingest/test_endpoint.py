"""`/records`, `/health`: what comes in, what is told."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from api.ingest.body import REQUEST_BYTES_MAX
from api.ingest.parse import REQUEST_RECORDS_MAX
from records.item import Provenance, to_item
from records.limits import ITEM_BYTES_MAX
from records.version import is_version
from tests.unit.api.doubles import DynamoDb, Sqs, app_of, request

_JSON = {"content-type": "application/json"}


def post(sqs: Sqs, body: str | bytes) -> httpx.Response:
    return request(app_of(sqs), "POST", "/records", content=body, headers=_JSON)


def test_one_record_is_accepted() -> None:
    sqs = Sqs()
    answer = post(sqs, '{"id": "42", "temperature": 21.50}')
    assert answer.status_code == 202
    ((receipt,),) = answer.json().values()
    assert receipt["id"] == "42"
    assert is_version(receipt["version"])
    assert sqs.bodies == ['{"id":"42","temperature":21.5}']


def test_an_array_is_accepted_in_order_with_increasing_versions() -> None:
    sqs = Sqs()
    answer = post(sqs, json.dumps([{"id": str(n)} for n in range(25)]))
    assert answer.status_code == 202
    receipts = answer.json()["records"]
    assert [receipt["id"] for receipt in receipts] == [str(n) for n in range(25)]
    versions = [receipt["version"] for receipt in receipts]
    assert versions == sorted(set(versions))
    assert [entry["MessageAttributes"]["version"]["StringValue"] for entry in sqs.durable] == versions


def test_an_empty_array_is_accepted_and_sends_nothing() -> None:
    sqs = Sqs()
    assert (post(sqs, "[]").status_code, sqs.batches) == (202, [])


def test_a_record_without_an_id_gets_its_version_as_id() -> None:
    sqs = Sqs()
    (receipt,) = post(sqs, '{"a": 1}').json()["records"]
    assert receipt["id"] == receipt["version"]
    assert json.loads(sqs.bodies[0]) == {"a": 1, "id": receipt["id"]}


def test_a_request_with_a_bad_record_is_refused_whole_and_says_where_and_why() -> None:
    sqs = Sqs()
    answer = post(sqs, '[{"id": "1"}, {"id": "2", "a": [1e126]}, 7]')
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "records_invalid"
    assert [(error["index"], error["pointer"], error["code"]) for error in problem["errors"]] == [
        (1, "/a/0", "number_out_of_range"),
        (2, "", "record_not_an_object"),
    ]
    assert sqs.batches == []


def test_a_record_that_is_too_large_for_an_item_is_refused_wherever_it_is_in_the_request() -> None:
    sqs = Sqs()
    large = json.dumps({"id": "2", "a": "x" * ITEM_BYTES_MAX})
    for body, index in ((large, 0), (f'[{{"id": "1"}}, {large}]', 1)):
        answer = post(sqs, body)
        assert answer.status_code == 422
        assert [(error["index"], error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            (index, "", "record_too_large")
        ]
    assert sqs.batches == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, "json_malformed"),
        ("{", 400, "json_malformed"),
        ("7", 422, "records_invalid"),
        ("[" * 100_000, 400, "nesting_too_deep"),
        (b" " * (REQUEST_BYTES_MAX + 1), 413, "request_too_large"),
        ("[" + ",".join(["{}"] * (REQUEST_RECORDS_MAX + 1)) + "]", 413, "too_many_records"),
    ],
)
def test_a_request_that_cannot_be_records_is_a_problem(body: str | bytes, status: int, code: str) -> None:
    sqs = Sqs()
    answer = post(sqs, body)
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert sqs.batches == []


def test_a_record_that_sqs_did_not_confirm_is_never_answered_with_202() -> None:
    sqs = Sqs(lambda batch: {"Successful": [{"Id": batch[0]["Id"]}]}, *[lambda _: {"Failed": []}] * 1000)
    app = app_of(sqs, seconds_max=0.2)
    answer = request(app, "POST", "/records", content='[{"id": "1"}, {"id": "2"}]', headers=_JSON)
    assert (answer.status_code, answer.json()["code"]) == (503, "queue_unavailable")
    assert answer.headers["retry-after"] in {"1", "2"}
    outcomes = answer.json()["records"]
    assert [(outcome["id"], outcome["accepted"]) for outcome in outcomes] == [("1", True), ("2", False)]
    assert outcomes[0]["version"] == sqs.durable[0]["MessageAttributes"]["version"]["StringValue"]


def test_a_record_is_read_back_as_it_was_sent_with_its_way_in_the_headers() -> None:
    record: Any = {"id": "a/b c", "n": 12345678901234567890}
    provenance = Provenance.of("018bcfe5-687b-7000-8000-000000000000", 1_700_000_000_500, 1_700_000_001_000)
    app = app_of(dynamodb=DynamoDb({"a/b c": to_item(record, provenance)}))
    answer = request(app, "GET", "/records/a%2Fb%20c")
    assert answer.text == '{"id":"a/b c","n":12345678901234567890}'
    headers = {name: text for name, text in answer.headers.items() if name.startswith(("etag", "forebay"))}
    assert headers == {
        "etag": '"018bcfe5-687b-7000-8000-000000000000"',
        "forebay-accepted": "2023-11-14T22:13:20.123Z",
        "forebay-sqs": "2023-11-14T22:13:20.500Z",
        "forebay-ddb": "2023-11-14T22:13:21.000Z",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/records/none", 404, "record_not_found"),
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/records", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_a_problem(method: str, path: str, status: int, code: str) -> None:
    answer = request(app_of(), method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_health_answers_without_queue_or_table() -> None:
    assert request(app_of(), "GET", "/health").json() == {"status": "ok"}


def test_of_one_id_in_a_request_the_last_record_wins() -> None:
    sqs = Sqs()
    receipts = post(sqs, '[{"id":"1","n":1},{"id":"2"},{"id":"1","n":3}]').json()["records"]
    assert [receipt["id"] for receipt in receipts] == ["1", "2", "1"]
    assert sorted(sqs.bodies) == ['{"id":"1","n":3}', '{"id":"2"}']
    assert receipts[2]["version"] in {e["MessageAttributes"]["version"]["StringValue"] for e in sqs.durable}


@pytest.mark.parametrize("record_id", ["\n", "a\n", "a/b", "%2F", "Ж", "?", "#", " "])
def test_a_record_of_any_id_can_be_read(record_id: str) -> None:
    app = app_of(dynamodb=DynamoDb({record_id: {"id": {"S": record_id}}}))
    answer = request(app, "GET", f"/records/{quote(record_id, safe='')}")
    assert (answer.status_code, answer.json()) == (200, {"id": record_id})


@pytest.mark.parametrize(
    "record_id", ["\n", "a\n", "a/b", "%2F", "Ж", "?", "#", " ", "+", "&", "=", "a&id=b", "100%", "\0"]
)
def test_a_query_names_a_record_of_any_id(record_id: str) -> None:
    app = app_of(dynamodb=DynamoDb({record_id: {"id": {"S": record_id}}}))
    answer = request(app, "GET", f"/records?{urlencode({'id': record_id})}")
    assert (answer.status_code, answer.json()) == (200, {"id": record_id})


def test_a_query_without_an_id_is_told_how_to_name_a_record() -> None:
    for query in ("", "?id=", "?sort=1"):
        answer = request(app_of(), "GET", f"/records{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")
        assert "/records?id=" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/records/", "/records?id="])
@pytest.mark.parametrize("record_id", ["", "x" * 2049])
def test_what_can_be_no_id_is_not_found(path: str, record_id: str) -> None:
    answer = request(app_of(), "GET", f"{path}{record_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")


def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert set(request(app_of(), "DELETE", "/records").headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_path_that_is_no_text_is_no_id() -> None:
    app = app_of(dynamodb=DynamoDb({"\ufffd": {"id": {"S": "\ufffd"}}}))
    assert request(app, "GET", "/records/%EF%BF%BD").status_code == 200
    assert request(app, "GET", "/records/%FF").status_code == 404
    assert request(app, "GET", "/records?id=%EF%BF%BD").status_code == 200
    assert request(app, "GET", "/records?id=%FF").status_code == 404


def test_no_path_is_redirected() -> None:
    assert request(app_of(), "GET", "/health/").json()["code"] == "not_found"


@pytest.mark.parametrize("reserved", [{"S": "x"}, {"M": {}}, {"M": {"version": {"N": "5"}}}])
def test_a_record_whose_reserved_attribute_is_not_forebays_is_read_without_its_way(reserved: Any) -> None:
    app = app_of(dynamodb=DynamoDb({"1": {"id": {"S": "1"}, "_forebay": reserved}}))
    answer = request(app, "GET", "/records/1")
    assert (answer.status_code, answer.json(), answer.headers.get("etag")) == (200, {"id": "1"}, None)


def test_records_whose_receipts_no_answer_could_hold_are_refused_before_anything_is_sent() -> None:
    sqs = Sqs()
    records = [{"id": f"{n:04}" + "x" * 2036} for n in range(2700)]
    answer = request(app_of(sqs), "POST", "/records", json=records)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_records")
    assert sqs.batches == []
