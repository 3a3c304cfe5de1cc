"""How many values a body may hold: counted before it is parsed, outside of texts, in linear time."""

import json

import pytest

from api.ingest.values import REQUEST_VALUES_MAX, check_values, takes_long
from api.problems import TooManyValues
from records.limits import ITEM_BYTES_MAX
from tests.unit.api.doubles import Sqs, app_of, request

_MAX = REQUEST_VALUES_MAX


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"1.5," * (_MAX - 1) + b"1.5]",
        b"[" + b"[]," * (_MAX // 2 - 1) + b"[]]",
        b'{"text": "' + b",[{" * _MAX + b'"}',
        b'{"text": "' + b'\\",' * _MAX + b'"}',
        b'{"text": "\\\\", "n": [' + b"1," * (_MAX - 10) + b"1]}",
        b'{"a": "' + b", " * (_MAX // 2) + b'"}\n{"b": "' + b", " * (_MAX // 2) + b'"}\n',
        b'"' + b'\\"' * 3_000_000,  # no closing quote: time that grows with its square would never end here
    ],
    ids=["numbers", "arrays", "a text", "escaped quotes", "an escaped backslash", "texts of lines", "an open text"],
)
def test_what_is_within_the_limit_passes(text: bytes) -> None:
    check_values(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"1.5," * _MAX + b"1.5]",
        b"[" + b"[]," * (_MAX // 2 + 1) + b"[]]",
        b'[{"a":1}' + b',{"a":1}' * (_MAX // 2) + b"]",
        b'["a"' + b',"a"' * _MAX + b"]",
        b'{"text": "\\\\", "n": [' + b"1," * _MAX + b"1]}",
        b'"\n' + b"[1,2]\n" * (_MAX // 2 + 1),
        b'"\\\n' + b"[1,2]\n" * (_MAX // 2 + 1),
    ],
    ids=["numbers", "arrays", "objects", "texts", "an escaped backslash", "after an open text", "after an open escape"],
)
def test_more_are_refused(text: bytes) -> None:
    with pytest.raises(TooManyValues):
        check_values(text)


def test_one_item_never_holds_as_many() -> None:
    """An element of a list takes at least two bytes of an item."""
    assert ITEM_BYTES_MAX / 2 < _MAX


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_a_request_with_more_values_is_refused_with_a_code_of_its_own_and_sends_nothing(content_type: str) -> None:
    sqs = Sqs()
    records = [{"id": str(n), "a": [1] * 1000} for n in range(501)]
    body = json.dumps(records) if content_type == "application/json" else "\n".join(map(json.dumps, records))
    answer = request(app_of(sqs), "POST", "/records", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["code"], sqs.durable) == (413, "too_many_values", [])
    fewer = request(
        app_of(sqs), "POST", "/records", content=json.dumps(records[:400]), headers={"content-type": "application/json"}
    )
    assert fewer.status_code == 202


def test_lines_count_as_parts_because_each_may_be_a_record() -> None:
    assert takes_long(b"7\n" * 301, 300)
    assert not takes_long(b"7\n" * 300, 300)
    assert takes_long(b'{"a":1,"b":2}\n' * 101, 300)
    assert not takes_long(b'{"a":"1,2,3,4,5,6"}', 3)
