"""Idempotency keys: a request that is repeated blindly stores nothing twice."""

import uuid
from typing import Any

import pytest

from tests.unit.api.doubles import Sqs, app_of, request


def ids(key: str | None, body: str = '[{"a":1},{"id":"own"},{"a":1}]') -> Any:
    headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key is not None else {})
    answer = request(app_of(Sqs()), "POST", "/records", content=body, headers=headers)
    return [receipt["id"] for receipt in answer.json()["records"]] if answer.status_code == 202 else answer.json()


def test_the_same_key_gives_the_same_ids_and_each_position_its_own() -> None:
    first = ids("key")
    assert first == ids("key")
    assert first[1] == "own"
    assert len(set(first)) == 3
    assert uuid.UUID(first[0]).version == 8


def test_another_key_or_none_gives_other_ids() -> None:
    assert not {*ids("key")} - {"own"} & {*ids("another key")}
    assert not {*ids("key")} - {"own"} & {*ids(None)}


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "a\tb"])
def test_what_is_no_key_is_refused(key: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"idempotency-key", key.encode("latin-1"))]
    answer = request(app_of(Sqs()), "POST", "/records", content="{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
