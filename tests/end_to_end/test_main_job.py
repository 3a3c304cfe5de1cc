"""The main job, end to end, as clients see it: the sources are not imported here."""

import json
import os
import pty
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from dev.paths import ROOT
from tests.harness.stack import Stack, make
from tests.harness.waiting import eventually

_SECONDS_MAX = 20


def read(stack: Stack, record_id: str) -> httpx.Response | None:
    answer = httpx.get(f"{stack['API_URL']}/records/{record_id}")
    return answer if answer.status_code == 200 else None


def test_an_accepted_record_can_soon_be_read_back(stack: Stack) -> None:
    body = '{"id": "e2e", "n": 12345678901234567890.123456789, "text": "Ж\\u0000", "list": [1, {"a": null}]}'
    answer = httpx.post(f"{stack['API_URL']}/records", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 202
    (receipt,) = answer.json()["records"]
    got = eventually(lambda: read(stack, "e2e"))
    assert got.text == '{"id":"e2e","n":12345678901234567890.123456789,"text":"Ж\\u0000","list":[1,{"a":null}]}'
    assert got.headers["etag"] == f'"{receipt["version"]}"'
    assert got.headers["forebay-accepted"] <= got.headers["forebay-sqs"] <= got.headers["forebay-ddb"]


def test_the_record_that_was_accepted_last_is_the_one_in_the_table(stack: Stack) -> None:
    url = f"{stack['API_URL']}/records"
    versions = [httpx.post(url, json={"id": "again", "n": n}).json()["records"][0]["version"] for n in range(30)]
    eventually(lambda: stack.messages() == 0)
    got = eventually(lambda: read(stack, "again"))
    assert (got.json()["n"], got.headers["etag"]) == (29, f'"{versions[-1]}"')


def test_a_bare_message_is_stored_and_a_bad_one_is_dead_lettered_with_its_reason(stack: Stack) -> None:
    sqs = stack.client("sqs")
    bodies = ['{"id": "bare-1"}', "{", '{"id": "bare-2"}']
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=stack["RECORD_QUEUE_URL"], Entries=entries)
    eventually(lambda: read(stack, "bare-1"))
    eventually(lambda: read(stack, "bare-2"))
    queue = stack["RECORD_DEAD_LETTER_QUEUE_URL"]
    receive = {"QueueUrl": queue, "MessageAttributeNames": ["All"], "VisibilityTimeout": 30}
    (letter,) = eventually(lambda: sqs.receive_message(**receive).get("Messages"))
    assert letter["Body"] == "{"
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "json_malformed"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
    assert stack.messages() == 0


def test_a_burst_gets_only_202s_and_drains_into_a_slow_table(slow_stack: Stack) -> None:
    command = make("burst", PORT=slow_stack.port, COUNT="12", BYTES="2000")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 sent, 0 of them not accepted, 10 items in the table, 0 dead letters" in done.stdout
    assert re.search(
        r"accepted: 12 of 12; 2 requests, half of them within \d+\.\d ms, the slowest \d+\.\d ms", done.stdout
    )
    assert "\r" not in done.stdout
    story = done.stdout.split("12 receipts")[0].splitlines()
    assert len(story) < 12, done.stdout
    assert "12 receipts: every 202 is accounted for" in done.stdout
    assert sorted(int(item["id"]["S"]) for item in slow_stack.items()) == list(range(1, 11))
    assert slow_stack.messages("RECORD_DEAD_LETTER_QUEUE_URL") == 0


def test_on_a_terminal_a_burst_is_told_in_one_line_that_changes(slow_stack: Stack) -> None:
    output, terminal = pty.openpty()
    with subprocess.Popen(
        make("burst", PORT=slow_stack.port, COUNT="11", BYTES="100"), cwd=ROOT, stdout=terminal, stderr=terminal
    ) as run:
        os.close(terminal)
        text = ""
        with suppress(OSError):  # at the end of a terminal
            while part := os.read(output, 4096):
                text += part.decode()
        os.close(output)
    assert run.returncode == 0, text
    changing = [line for line in text.splitlines() if "\x1b[K" in line]
    assert text.count("\r\x1b[Kafter ") > 1, text
    assert re.search(r"\r\x1b\[Kempty after \d+ s: 11 sent", text), text
    assert text.count("\n") < 16, changing


@pytest.mark.parametrize(("count", "message"), [("0", "COUNT=0: a whole number from 1"), ("x", "COUNT=x: ")])
def test_a_burst_with_an_invalid_setting_is_refused(stack: Stack, count: str, message: str) -> None:
    command = make("burst", PORT=stack.port, COUNT=count)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert message in done.stderr


def test_a_burst_without_a_running_stack_is_an_error() -> None:
    done = subprocess.run(make("burst", PORT="1"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nothing runs on port 1" in done.stderr


def http_event(method: str, path: str, body: str | None = None) -> dict[str, Any]:
    """An event of an HTTP API's Lambda integration, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "id.execute-api.us-east-1.amazonaws.com"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": "request-id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1773342238000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def invoke(stack: Stack, event: dict[str, Any]) -> dict[str, Any]:
    answer = stack.client("lambda").invoke(FunctionName=stack["API_FUNCTION_NAME"], Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def test_the_deployed_function_accepts_records_through_an_http_api_event(stack: Stack) -> None:
    answer = invoke(stack, http_event("POST", "/records", '{"id": "lambda", "n": 1.0}'))
    assert answer["statusCode"] == 202
    (receipt,) = json.loads(answer["body"])["records"]
    assert receipt["id"] == "lambda"

    def stored() -> Any:
        got = invoke(stack, http_event("GET", "/records/lambda"))
        return got if got["statusCode"] == 200 else None

    got = eventually(stored)
    assert got["body"] == '{"id":"lambda","n":1}'
    assert got["headers"]["etag"] == f'"{receipt["version"]}"'
    assert invoke(stack, http_event("POST", "/records", "{"))["statusCode"] == 400


def test_the_deployed_http_api_is_closed_to_unsigned_requests(stack: Stack) -> None:
    url = f"{stack['AWS_ENDPOINT_URL']}/_aws/execute-api/{stack['HTTP_API_ID']}/$default/health"
    assert httpx.get(url).status_code == 403


def test_an_older_delivery_does_not_overwrite_a_newer_record(stack: Stack) -> None:
    def deliver(version: str, n: int) -> None:
        attribute = {"version": {"DataType": "String", "StringValue": version}}
        stack.client("sqs").send_message(
            QueueUrl=stack["RECORD_QUEUE_URL"], MessageBody=f'{{"id":"order","n":{n}}}', MessageAttributes=attribute
        )
        eventually(lambda: stack.messages() == 0)

    deliver("01a2074d-f08d-7356-ac50-434b86e031a3", 2)
    deliver("01a2074d-f08d-7356-ac50-434b86e031a2", 1)
    assert eventually(lambda: read(stack, "order")).json()["n"] == 2
    deliver("01a2074d-f08d-7356-ac50-434b86e031a4", 3)
    assert eventually(lambda: read(stack, "order")).json()["n"] == 3


def test_the_buffer_reports_the_backlog_of_a_slow_table(slow_stack: Stack) -> None:
    url = slow_stack["API_URL"]
    httpx.post(f"{url}/records", json=[{"id": f"waiting-{n}", "pad": "x" * 4000} for n in range(10)])
    buffer = httpx.get(f"{url}/buffer").json()
    assert 1 <= buffer["waiting"] + buffer["in_flight"] <= 10
    assert buffer["drain"]["write_capacity_units"] == 2
    assert buffer["drain"]["write_units_per_record"] > 1
    assert buffer["drain"]["seconds"] > 0
    assert buffer["dead_lettered"] == 0


def test_the_throttling_is_real(slow_stack: Stack) -> None:
    dynamodb = slow_stack.client("dynamodb")
    item = {"id": {"S": "throttled"}, "pad": {"S": "x" * 5000}}

    def put_all() -> None:
        for _ in range(20):
            dynamodb.put_item(TableName=slow_stack["RECORD_TABLE_NAME"], Item=item)

    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as caught:
        put_all()
    (reason,) = caught.value.response["ThrottlingReasons"]
    assert reason["reason"] == "TableWriteProvisionedThroughputExceeded"


def test_a_slow_stack_is_ready(slow_stack: Stack) -> None:
    assert httpx.get(f"{slow_stack['API_URL']}/ready").json() == {"status": "ready"}


def test_a_request_that_asks_for_an_upgrade_is_accepted_with_its_records(stack: Stack) -> None:
    """As Java's client and curl --http2 do. A server that cannot upgrade ignores it."""
    headers = {"content-type": "application/x-ndjson", "connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c"}
    answer = httpx.post(f"{stack['API_URL']}/records", content=b'{"id":"upgraded"}\n', headers=headers)
    assert (answer.status_code, len(answer.json()["records"])) == (202, 1)
    eventually(lambda: read(stack, "upgraded"))


def test_other_requests_are_answered_while_a_large_one_is_read(stack: Stack) -> None:
    numbers = ",".join(["1.5"] * 95_000)
    body = "[" + ",".join(f'{{"id":"large-{n}","a":[{numbers}]}}' for n in range(5)) + "]"
    headers = {"content-type": "application/json"}
    with ThreadPoolExecutor(1) as executor:
        large = executor.submit(httpx.post, f"{stack['API_URL']}/records", content=body, headers=headers, timeout=60)
        answered = 0
        while not large.done():
            assert httpx.get(f"{stack['API_URL']}/health").status_code == 200
            answered += 1
    assert large.result().status_code == 202
    assert answered >= 10


def test_a_backlog_over_its_limit_is_answered_with_the_time_of_room_and_then_taken_again(slow_stack: Stack) -> None:
    """The limit is 180 s of the table's 2 units a second."""
    url, sqs = f"{slow_stack['API_URL']}/records", slow_stack.client("sqs")

    def post(records: int) -> httpx.Response:
        return httpx.post(url, json=[{"id": f"limited-{n}"} for n in range(records)])

    def refused() -> httpx.Response | None:
        answer = post(1)
        return answer if answer.status_code == 429 else None

    assert post(500).status_code == 202
    answer = eventually(refused, 60)
    assert answer.json()["code"] == "backlog_full"
    drain = httpx.get(f"{slow_stack['API_URL']}/buffer").json()["drain"]["seconds"]
    assert abs(int(answer.headers["retry-after"]) / 1.25 - (drain - 180)) < 0.5 * (drain - 180)
    sqs.purge_queue(QueueUrl=slow_stack["RECORD_QUEUE_URL"])
    eventually(lambda: post(1).status_code == 202, 60)
    sqs.purge_queue(QueueUrl=slow_stack["RECORD_QUEUE_URL"])  # what was accepted while the table was throttled waits
    eventually(lambda: slow_stack.messages() == 0, 60)
