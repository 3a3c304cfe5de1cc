"""Lenient handling: each record is stored, or dead-lettered with the reason that it is refused for alone."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from records.dead_letter import original
from tests.dynamodb_local.cases import cases
from tests.dynamodb_local.forebay import Forebay
from tests.dynamodb_local.json_text import ANYTHING, Json, dumps


@cases(600)
@given(records=st.lists(ANYTHING | st.binary(max_size=8), max_size=4), as_lines=st.booleans())
def test_leniently_each_record_is_stored_or_dead_lettered_with_the_reason_that_it_is_refused_for_alone(
    forebay: Forebay, count: Callable[[str], None], records: "list[Json | bytes]", *, as_lines: bool
) -> None:
    texts = [record if isinstance(record, bytes) else dumps(record).encode() for record in records]
    if as_lines:
        texts = [line for line in (text.translate(None, b"\r\n") for text in texts) if line.strip()] or [b"{}"]
    else:
        texts = [text for text, record in zip(texts, records, strict=True) if not isinstance(record, bytes)]
    body = b"\n".join(texts) if as_lines else b"[" + b",".join(texts) + b"]"
    headers = {"content-type": "application/x-ndjson" if as_lines else "application/json"}
    answer = forebay.post(body, headers | {"prefer": "handling=lenient"})
    assert answer.status_code == 202
    sent, letters = list(forebay.sqs.durable), list(forebay.sqs.letters)
    forebay.drain()
    forebay.sqs.letters = []
    for text, outcome in zip(texts, answer.json()["records"], strict=True):
        alone = forebay.post(text if as_lines else b"[" + text + b"]", headers)
        forebay.sqs.durable = []
        if outcome["accepted"]:
            count("stored")
            assert alone.status_code == 202
            if outcome["id"] not in {".", ".."}:
                assert forebay.read(outcome["id"])["id"] == outcome["id"]
            continue
        count("dead-lettered")
        assert outcome["dead_lettered"]
        (letter,) = [
            each for each in letters if each["MessageAttributes"]["version"]["StringValue"] == outcome["version"]
        ]
        given = {name: attribute["StringValue"] for name, attribute in letter["MessageAttributes"].items()}
        assert original(letter["MessageBody"], given.get("encoding", "")) == text
        problem = alone.json()
        refused = [problem["code"], *(error["code"] for error in problem.get("errors", []))]
        assert given["reason"] in refused
        assert outcome["error"]["code"] == given["reason"]
    accepted = {outcome["version"] for outcome in answer.json()["records"] if outcome["accepted"]}
    assert {each["MessageAttributes"]["version"]["StringValue"] for each in sent} <= accepted
    for outcome in answer.json()["records"]:
        if outcome["accepted"]:
            forebay.clear(outcome["id"])
