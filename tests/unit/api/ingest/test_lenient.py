"""`Prefer: handling=lenient`: a bad record becomes a dead letter, and costs the good ones beside it nothing."""

import asyncio
import base64
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.memory_budget import Share
from api.problems import QueueBusy
from records.dead_letter import original
from records.limits import MESSAGE_BYTES_MAX
from tests.unit.api.doubles import Sqs, app_of, ask, budget, components_of, request

_LENIENT = {"prefer": "handling=lenient", "content-type": "application/json", "x-request-id": "request-7"}
_LINES = _LENIENT | {"content-type": "application/x-ndjson"}
_NOTHING: list[Any] = [lambda _: {"Failed": []}] * 1000


def post(sqs: Sqs, body: str | bytes, headers: dict[str, str] = _LENIENT, seconds_max: float = 30) -> httpx.Response:
    return request(app_of(sqs, seconds_max=seconds_max), "POST", "/records", content=body, headers=headers)


def attributes(entry: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in entry["MessageAttributes"].items()}


def outcomes(answer: httpx.Response) -> list[str]:
    """In words."""
    assert answer.headers["preference-applied"] == "handling=lenient"
    words = []
    for each in answer.json()["records"]:
        assert ("error" in each) != ("id" in each)
        words.append("accepted" if each["accepted"] else "dead" if each.get("dead_lettered") else "neither")
    return words


def test_good_records_are_accepted_and_a_bad_one_is_dead_lettered_with_its_reason_and_its_source() -> None:
    sqs, bad = Sqs(), '{ "id":"2",\n "a": [1.50, 1e126] }'
    answer = post(sqs, f'[{{"id": "1"}}, {bad} ,{{"id":"3"}}]')
    assert answer.status_code == 202
    assert outcomes(answer) == ["accepted", "dead", "accepted"]
    assert sqs.bodies == ['{"id":"1"}', '{"id":"3"}']
    (letter,) = sqs.letters
    assert letter["MessageBody"] == bad
    version = answer.json()["records"][1]["version"]
    assert attributes(letter) == {
        "reason": "number_out_of_range",
        "version": version,
        "request_id": "request-7",
        "index": "1",
        "sent": "2023-11-14T22:13:20.000Z",
        "dead_lettered": "2023-11-14T22:13:20.000Z",
        "detail": "/a/1: a number is zero or from 1E-130 to 9.99…E+125 in magnitude",
    }
    assert answer.json()["records"][1]["error"] == {
        "index": 1,
        "pointer": "/a/1",
        "code": "number_out_of_range",
        "detail": "a number is zero or from 1E-130 to 9.99…E+125 in magnitude",
    }


def test_a_good_record_is_answered_with_the_id_and_the_version_of_its_message() -> None:
    sqs = Sqs()
    answer = post(sqs, '{"a": 1}')
    ((outcome,),) = answer.json().values()
    assert outcome == {"id": outcome["version"], "version": outcome["version"], "accepted": True}
    assert attributes(sqs.durable[0]) == {"version": outcome["version"]}


def test_a_malformed_line_is_a_record_of_its_own() -> None:
    sqs = Sqs()
    answer = post(sqs, b'{"id":"1"}\r\n{"id":"2"\n\n7\n{"id":"3","a":"\xff"}\n{"id":"4"}', _LINES)
    assert (answer.status_code, outcomes(answer)) == (202, ["accepted", "dead", "dead", "dead", "accepted"])
    assert sqs.bodies == ['{"id":"1"}', '{"id":"4"}']
    letters = [(attributes(letter)["reason"], attributes(letter)["index"]) for letter in sqs.letters]
    assert letters == [("json_malformed", "1"), ("record_not_an_object", "2"), ("json_malformed", "3")]
    texts = [original(each["MessageBody"], attributes(each).get("encoding", "")) for each in sqs.letters]
    assert texts == [b'{"id":"2"', b"7", b'{"id":"3","a":"\xff"}']


@pytest.mark.parametrize("text", [b"\x00\xff", "{\ufffe}".encode(), b"{\x07}"])
def test_a_text_that_no_message_can_hold_is_held_in_base64(text: bytes) -> None:
    sqs = Sqs()
    assert outcomes(post(sqs, text + b"\n{}", _LINES)) == ["dead", "accepted"]
    (letter,) = sqs.letters
    assert attributes(letter)["encoding"] == "base64"
    assert base64.b64decode(letter["MessageBody"]) == text


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ('{"a":1,"a":2}', "json_malformed"),
        ('{"a":"\\ud800"}', "text_invalid"),
        ('{"a":1e99999999999999999999}', "number_out_of_range"),
        ("[" * 210 + "]" * 210, "nesting_too_deep"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "nesting_too_deep"),
        ('{"id":""}', "key_invalid"),
        ('{"_forebay":1}', "name_reserved"),
        ("null", "record_not_an_object"),
        (json.dumps({"a": "x" * 409_600}), "record_too_large"),
    ],
)
def test_an_element_of_an_array_is_bad_alone_whatever_is_bad_about_it(bad: str, code: str) -> None:
    sqs = Sqs()
    answer = post(sqs, f'[{{"id":"1"}},{bad},{{"id":"2"}}]')
    assert (answer.status_code, outcomes(answer)) == (202, ["accepted", "dead", "accepted"])
    assert [(attributes(each)["reason"], each["MessageBody"]) for each in sqs.letters] == [(code, bad)]


@pytest.mark.parametrize("body", ["", "{", '[{"id":"1"},{]', '[{"id":"1"}] x', '[{"id":"1","a":NaN}]', "[" * 100_000])
def test_a_body_that_is_not_json_as_a_whole_is_refused_as_a_whole(body: str) -> None:
    sqs = Sqs()
    strict, lenient = post(sqs, body, {"content-type": "application/json"}), post(sqs, body)
    assert (lenient.status_code, lenient.json()) == (400, strict.json())
    assert (sqs.durable, sqs.letters) == ([], [])


def test_lines_as_json_are_told_their_media_type_and_without_one_they_are_read() -> None:
    sqs, body = Sqs(), '{"id":"1"}\n7\n'
    assert "application/x-ndjson" in post(sqs, body).json()["detail"]
    answer = post(sqs, body, {"prefer": "handling=lenient"})
    assert (answer.status_code, outcomes(answer)) == (202, ["accepted", "dead"])


def test_strict_is_the_default_and_sends_no_dead_letter() -> None:
    sqs = Sqs()
    for headers in ({}, {"prefer": "handling=strict"}):
        answer = post(sqs, '[{"id":"1"},7]', {"content-type": "application/json"} | headers)
        assert (answer.status_code, answer.headers.get("preference-applied")) == (422, None)
    assert (sqs.durable, sqs.letters) == ([], [])


def test_a_record_too_large_for_a_dead_letter_is_named_and_the_others_are_accepted() -> None:
    sqs = Sqs()
    large = json.dumps({"a": "x" * MESSAGE_BYTES_MAX})
    answer = post(sqs, f'[{{"id":"1"}},{large},7]')
    assert (answer.status_code, answer.json()["code"]) == (422, "records_invalid")
    assert outcomes(answer) == ["accepted", "neither", "dead"]
    assert [each.get("error", {}).get("code") for each in answer.json()["records"]] == [
        None, "record_too_large", "record_not_an_object",
    ]  # fmt: skip
    assert (sqs.bodies, [each["MessageBody"] for each in sqs.letters]) == (['{"id":"1"}'], ["7"])


@pytest.mark.parametrize("spare", range(-2, 3))
def test_a_letter_is_as_large_as_a_message_can_be(spare: int) -> None:
    """Beside the reason and the source, every attribute is left out before the text is."""
    sqs = Sqs()
    needed = "reasonStringrecord_too_large" + "versionString" + "v" * 36 + "request_idStringrequest-7" + "indexString0"
    text = json.dumps({"a": "x" * (MESSAGE_BYTES_MAX - spare - len(needed) - len('{"a": ""}'))})
    answer = post(sqs, text)
    assert (answer.status_code, outcomes(answer)) == ((202, ["dead"]) if spare >= 0 else (422, ["neither"]))


def test_without_the_dead_letter_queue_the_good_records_are_accepted_and_repeating_is_asked_for() -> None:
    sqs = Sqs()
    sqs.takes_letters = False
    answer = post(sqs, '[{"id":"1"},7]', seconds_max=0.2)
    assert (answer.status_code, answer.json()["code"]) == (503, "queue_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert (outcomes(answer), sqs.bodies) == (["accepted", "neither"], ['{"id":"1"}'])


def test_without_the_queue_the_bad_records_are_dead_lettered_and_repeating_is_asked_for() -> None:
    sqs = Sqs(*_NOTHING)
    answer = post(sqs, '[{"id":"1"},7,{"id":"1"}]', seconds_max=0.2)
    assert answer.status_code == 503
    assert (outcomes(answer), len(sqs.letters)) == (["neither", "dead", "neither"], 1)


def test_while_the_queue_has_no_room_nothing_is_sent_nor_dead_lettered(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = Sqs()
    for full in ("queue", "dead_letter_queue"):
        components = components_of(sqs)
        ingest = components.accept_records.dependencies

        def busy(_messages: Any) -> Share:
            raise QueueBusy(7)

        monkeypatch.setattr(getattr(ingest, full), "hold", busy)
        answer = request(create_app(components), "POST", "/records", content='[{"id":"1"},7]', headers=_LENIENT)
        assert (answer.status_code, answer.json()["code"]) == (503, "queue_busy")
        assert int(answer.headers["retry-after"]) >= 7
    assert (sqs.durable, sqs.letters) == ([], [])


def test_a_request_larger_than_the_memory_for_unconfirmed_records_is_sent_with_its_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If nothing else is held: otherwise no repetition could ever succeed."""
    sqs = Sqs()
    components = components_of(sqs)
    for queue in (
        components.accept_records.dependencies.queue,
        components.accept_records.dependencies.dead_letter_queue,
    ):
        monkeypatch.setattr(queue, "budget", budget(10))
    answer = request(create_app(components), "POST", "/records", content='[{"id":"1"},7]', headers=_LENIENT)
    assert (answer.status_code, outcomes(answer)) == (202, ["accepted", "dead"])


def test_only_the_queues_that_did_not_confirm_say_how_long_to_wait() -> None:
    """What failed an hour ago, while nobody has asked since, does not keep a producer waiting."""
    sqs = Sqs()
    sqs.takes_letters = False
    components = components_of(sqs, seconds_max=0.2)
    app = create_app(components)

    async def scenario() -> httpx.Response:
        await ask(app, "POST", "/records", content="[7]", headers=_LENIENT)
        ingest = components.accept_records.dependencies
        for queue in (ingest.queue, ingest.dead_letter_queue):
            queue._failing_since = asyncio.get_running_loop().time() - 3600  # noqa: SLF001 - time that has passed
        sqs._answers = list(_NOTHING)  # noqa: SLF001 - SQS fails from now on
        return await ask(app, "POST", "/records", content="[{}]", headers={"content-type": "application/json"})

    answer = asyncio.run(scenario())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) <= 2


def test_without_a_media_type_a_broken_array_is_no_lines() -> None:
    for body in ('[\n{"id":"1"},\n{"id":"2"}\n]]', '{\n"id":"1"\n}\n}', '{"id":\n{"id":"1"}'):
        sqs = Sqs()
        assert post(sqs, body, {"prefer": "handling=lenient"}).status_code == 400
        assert (sqs.durable, sqs.letters) == ([], [])


def test_space_around_a_line_is_part_of_its_text_and_other_white_characters_are_no_space() -> None:
    sqs = Sqs()
    assert outcomes(post(sqs, b" {bad \n\t\n\x0b\n", _LINES)) == ["dead", "dead"]
    assert [each["MessageBody"] for each in sqs.letters] == [" {bad ", "Cw=="]


def test_more_records_than_a_request_may_hold_are_refused_before_anything_is_sent() -> None:
    sqs = Sqs()
    for body, headers in ((f"[{','.join(['7'] * 10_001)}]", _LENIENT), ("7\n" * 10_001, _LINES)):
        assert post(sqs, body, headers).json()["code"] == "too_many_records"
    assert sqs.letters == []


def test_of_one_id_the_last_good_record_is_sent() -> None:
    sqs = Sqs()
    answer = post(sqs, '[{"id":"1","n":1},{"id":"1","n":2},{"id":"1","n":1e126}]')
    assert outcomes(answer) == ["accepted", "accepted", "dead"]
    assert sqs.bodies == ['{"id":"1","n":2}']


def test_ids_derived_from_an_idempotency_key_are_those_of_the_positions() -> None:
    strict, lenient = Sqs(), Sqs()
    post(strict, "[{},{},{}]", {"content-type": "application/json", "idempotency-key": "k"})
    post(lenient, "[{},7,{}]", _LENIENT | {"idempotency-key": "k"})
    assert lenient.bodies == [strict.bodies[0], strict.bodies[2]]


def test_an_answer_that_lambda_could_not_pass_on_is_refused_before_anything_is_sent() -> None:
    sqs = Sqs()
    bad = [json.dumps({'"' * 700: {f"{n}": 1e126}}).replace("1e+126", "1e126") for n in range(3000)]
    answer = post(sqs, f"[{','.join(bad)}]")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_records")
    assert (sqs.durable, sqs.letters) == ([], [])


def test_ten_thousand_bad_lines_are_dead_lettered_in_one_request() -> None:
    sqs = Sqs()
    answer = post(sqs, '{"id":\n' * 10_000, _LINES)
    assert (answer.status_code, set(outcomes(answer)), len(sqs.letters)) == (202, {"dead"}, 10_000)
    assert len(answer.content) + answer.text.count('"') < 6_000_000


def test_accepted_records_and_dead_letters_are_counted() -> None:
    counts: Counter[str] = Counter()

    def count(name: str, number: float) -> None:
        counts[name] += int(number)

    body = '[{"id":"1"},7,{"id":"1"},{},"x"]'
    request(app_of(Sqs(), count=count), "POST", "/records", content=body, headers=_LENIENT)
    assert counts == {"accepted": 3, "dead_lettered": 2}
    counts.clear()
    sqs = Sqs()
    sqs.takes_letters = False
    app = app_of(sqs, count=count, seconds_max=0.2)
    request(app, "POST", "/records", content=body, headers=_LENIENT)
    assert counts == {"unconfirmed": 2}


def test_dead_letters_are_logged_by_reason_and_only_those_that_were_sent(caplog: pytest.LogCaptureFixture) -> None:
    large = json.dumps({"a": "x" * MESSAGE_BYTES_MAX})
    post(Sqs(), f'[7,8,{{"id":""}},{large}]')
    lines = [vars(line) for line in caplog.records if line.message == "dead_lettered"]
    assert {line["reason"]: line["messages"] for line in lines} == {"record_not_an_object": 2, "key_invalid": 1}
