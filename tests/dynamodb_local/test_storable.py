"""202 means storable, exactly; and what is refused could not have been stored.

Every record passes through the API, its message, the consumer's handler and AWS's own DynamoDB engine, and is read back
with `GET /records/{id}`. That engine, and SQS's documented limits of a message, also decide whether a
refusal is right.
"""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from records.item import RESERVED_NAME
from tests.dynamodb_local.cases import cases
from tests.dynamodb_local.forebay import MESSAGE_BYTES_MAX, Forebay
from tests.dynamodb_local.json_text import ANYTHING, RECORDS, Json, Number, dumps, exact
from tests.dynamodb_local.table import TABLE_NAME

_JSON = {"content-type": "application/json"}
ITEM_BYTES_MAX = 409_600
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_MESSAGE_TEXT = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def repaired(records: list[Any], errors: list[dict[str, Any]]) -> list[Any]:
    """The records, repaired only where the errors point to."""
    records = copy.deepcopy(records)
    # From the last to the first, because a removal must not shift what is still to be repaired.
    for error in reversed(errors):
        path = tokens(error["pointer"])
        if not path:
            assert error["code"] in {"record_not_an_object", "record_too_large", "message_too_large"}
            records[error["index"]] = {"id": "repaired"}
            continue
        parent = records[error["index"]]
        for token in path[:-1]:
            parent = parent[int(token)] if isinstance(parent, list) else parent[token]
        last: Any = int(path[-1]) if isinstance(parent, list) else path[-1]
        match error["code"]:
            case "key_invalid":
                parent[last] = "repaired"
            case "name_invalid" | "name_reserved":
                parent.pop(last, None)
            case "number_out_of_range" | "number_too_precise" | "nesting_too_deep":
                if not isinstance(parent, dict) or last in parent:
                    assert isinstance(parent[last], Number) == error["code"].startswith("number")
                    parent[last] = Number("1")
            case code:
                pytest.fail(f"an error with an unknown code: {code}")
    return records


@cases(2000)
@given(value=ANYTHING)
@example(value={"id": "1", "n": Number("-0.0e5")})
@example(value=[{"id": "same", "n": Number("1")}, {"id": "same", "n": Number("2")}])
def test_any_json_is_stored_and_read_back_equal_or_refused_with_correct_pointers(
    forebay: Forebay, count: Callable[[str], None], value: Json
) -> None:
    text = dumps(value)
    answer = forebay.post(text)
    if answer.status_code == 202:
        count("stored and read back equal")
        forebay.drain()
        posted = exact(value)
        posted = posted if isinstance(posted, list) else [posted]
        receipts = answer.json()["records"]
        expected = {
            receipt["id"]: {"id": receipt["id"], **each} for receipt, each in zip(receipts, posted, strict=True)
        }
        for record_id, record in expected.items():
            if record_id not in {".", ".."}:  # no URL can name these: clients resolve them (RFC 3986, section 5.2.4)
                assert forebay.read(record_id) == record
            forebay.clear(record_id)
        return
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert forebay.sqs.durable == []
    if answer.status_code == 400:
        # Only what the parser itself cannot represent: numbers beyond the range of `Decimal`, or 200 brackets.
        count("refused by the parser")
        assert problem["code"] == "number_out_of_range"
        return
    assert answer.status_code == 422
    count("refused with pointers")
    records: Any = value if isinstance(value, list) else [value]
    for _ in range(3):  # sizes are checked only when nothing else is wrong
        records = repaired(records, problem["errors"])
        answer = forebay.post(dumps(records))
        if answer.status_code == 202:
            break
        problem = answer.json()
    assert answer.status_code == 202, problem
    forebay.sqs.durable = []


@cases(1500)
@given(record=RECORDS)
def test_a_refused_record_could_not_have_been_stored(
    forebay: Forebay, count: Callable[[str], None], record: dict[str, Any]
) -> None:
    assume("_forebay" not in record)  # reserved by Forebay: the only rule that DynamoDB does not have
    assume(len(record.get("id", "x")) < 10_000 if isinstance(record.get("id", "x"), str) else True)
    answer = forebay.post(dumps(record))
    if answer.status_code == 202:
        count("stored")
        forebay.drain()
        forebay.clear(answer.json()["records"][0]["id"])
        return
    count("refused")
    if answer.status_code == 400:
        assert any(len(number) > 20 for number in re.findall(r"e-?\d+", dumps(record))) or "e999999999" in dumps(record)
        return
    value = exact(record)
    if not isinstance(value.get("id", "x"), str):
        return  # the table's key is a string: there is no item without one or with another type
    assert not forebay.stores({"id": "x", **value}), answer.json()


def sized(spare: int, filler: str) -> str:
    """JSON of a record whose item, `_forebay` included, is `spare` bytes below the limit (above it, if negative)."""
    around = len("id") + len("sized") + len("f") + RESERVED_ITEM_BYTES
    size = ITEM_BYTES_MAX - spare - around
    unit = len(filler.encode())
    text = filler * (size // unit) + "x" * (size % unit)
    return json.dumps({"id": "sized", "f": text}, ensure_ascii=False)


# By DynamoDB's published rules, counted by hand: the name `_forebay`, and a map of four strings.
RESERVED_ITEM_BYTES = 8 + 3 + (1 + 7 + 36) + (1 + 8 + 24) + (1 + 3 + 24) + (1 + 3 + 24)


@pytest.mark.parametrize("filler", ["x", "Ж", "😀"])
@pytest.mark.parametrize("spare", range(-8, 9))
def test_the_item_limit_is_exactly_the_limit_of_dynamodb(forebay: Forebay, filler: str, spare: int) -> None:
    text = sized(spare, filler)
    answer = forebay.post(text)
    assert answer.status_code == (202 if spare >= 0 else 422)
    assert forebay.stores(json.loads(text)) == (spare >= 0)
    if spare >= 0:
        forebay.drain()
        assert forebay.read("sized") == json.loads(text)
        forebay.clear("sized")
    else:
        assert [error["code"] for error in answer.json()["errors"]] == ["record_too_large"]


@cases(150)
@given(record=RECORDS, spare=st.integers(-8, 8))
def test_mixed_items_around_the_limit_are_accepted_exactly_when_dynamodb_accepts_them(
    forebay: Forebay, count: Callable[[str], None], record: dict[str, Any], spare: int
) -> None:
    record = {"id": "mixed", **{name: element for name, element in record.items() if name not in {"id", "pad"}}}
    probe = forebay.post(dumps({**record, "pad": "x" * ITEM_BYTES_MAX}))
    errors = probe.json().get("errors", [])
    assume(probe.status_code == 422 and [error["code"] for error in errors] == ["record_too_large"])
    over = int(re.search(r"would be ([\d,]+) bytes", errors[0]["detail"])[1].replace(",", "")) - ITEM_BYTES_MAX  # type: ignore[index]
    record["pad"] = "x" * (ITEM_BYTES_MAX - over - spare)
    accepted = forebay.post(dumps(record)).status_code == 202
    forebay.sqs.durable = []
    count("within the limit" if accepted else "over the limit")
    assert accepted == (spare >= 0)
    assert forebay.stores(exact(record)) == accepted


@pytest.mark.parametrize("spare", range(-8, 9))
def test_the_message_limit_is_exactly_the_limit_of_sqs(forebay: Forebay, spare: int) -> None:
    """Control characters are one byte in an item and six in a message, which reaches its limit first."""
    around = len('{"id":"m","f":""}') + len("versionString") + 36
    controls = 130_000
    text = json.dumps({"id": "m", "f": "\x01" * controls + "x" * (MESSAGE_BYTES_MAX - spare - around - 6 * controls)})
    answer = forebay.post(text)
    assert answer.status_code == (202 if spare >= 0 else 422)
    if spare >= 0:
        forebay.drain()
        assert forebay.read("m") == json.loads(text)
        forebay.clear("m")
    else:
        assert [error["code"] for error in answer.json()["errors"]] == ["message_too_large"]


@pytest.mark.parametrize("reserved", [None, {"S": "x"}, {"M": {}}, {"M": {"version": {"N": "5"}}}])
def test_an_item_that_did_not_come_through_forebay_is_replaced(forebay: Forebay, reserved: Any) -> None:
    item = {"id": {"S": "other"}} | ({RESERVED_NAME: reserved} if reserved else {})
    forebay.dynamodb.put_item(TableName=TABLE_NAME, Item=item)
    assert forebay.post('{"id":"other","n":1}').status_code == 202
    forebay.drain()
    assert forebay.read("other") == {"id": "other", "n": 1}
    forebay.clear("other")
