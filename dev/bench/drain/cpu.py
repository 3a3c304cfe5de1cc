"""`python -m dev.bench.drain.cpu`: the consumer's CPU per record put and per message deferred, beside a bare loop of
boto3's put_item, in one run.

All talk to a sink on loopback that answers like DynamoDB and SQS and costs next to nothing; it runs in a process of its
own, and its count must equal what was put. CPU is the client process's own, user and system.
"""

import json
import multiprocessing
import socketserver
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from multiprocessing.connection import Connection
from typing import Any

import boto3
from botocore.config import Config

from consumer.backlog import Backlog
from consumer.clients import CONFIG
from consumer.clock import Clock
from consumer.dead_letters import DeadLetterSender
from consumer.deferral import Deferral
from consumer.drain import DrainDependencies
from consumer.handler import create_handler
from consumer.puts import PUTS_IN_FLIGHT_MAX, Puts
from consumer.queue import DeliveryQueue
from consumer.schedule import Schedule
from consumer.table import TableWriter
from records.item import Provenance, to_item
from records.json_text import parse
from records.key import KeySchema

_ROUNDS = 7
_RECORDS = 1000
_BATCH = 10
_BYTES = 1024
_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_PUT = b'{"ConsumedCapacity":{"CapacityUnits":1.0,"Table":{"CapacityUnits":1.0},"TableName":"records"}}'
_ANSWERS = {"DescribeTable": {"Table": {"ProvisionedThroughput": {"WriteCapacityUnits": 5}}}}
_COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
_DEEP, _EMPTY = "deep", "empty"
"""Queues: one with a backlog that waits for the table, one without."""
_HIDDEN = 100_000


class _Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    puts = 0


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Sink

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        answer = _PUT if operation == "PutItem" else json.dumps(_answer(operation, request)).encode()
        self.server.puts += operation == "PutItem"
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n" % len(answer)
            + answer
        )

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _answer(operation: str, request: bytes) -> dict[str, Any]:
    if operation == "GetQueueAttributes":
        hidden = _HIDDEN if json.loads(request)["QueueUrl"].endswith(_DEEP) else 0
        return {"Attributes": dict(zip(_COUNTS, ["0", str(hidden), "0"], strict=True))}
    return _ANSWERS.get(operation, {})


def _sink(pipe: Connection) -> None:
    with _Sink(("127.0.0.1", 0), _Answer) as server:
        pipe.send(server.server_address[1])
        server.timeout = 0.2
        while not pipe.poll():
            server.handle_request()
        pipe.send(server.puts)


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def _event(first: int) -> dict[str, Any]:
    now_ms = str(time.time_ns() // 1_000_000)

    def record(n: int) -> dict[str, Any]:
        return {
            "messageId": f"{n:08x}-0000-4000-8000-000000000000",
            "receiptHandle": "handle",
            "body": _body(n),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": now_ms,
                "ApproximateFirstReceiveTimestamp": now_ms,
            },
            "messageAttributes": {"version": {"stringValue": _VERSION}},
        }

    return {"Records": [record(n) for n in range(first, first + _BATCH)]}


def _body(n: int) -> str:
    """A record of about a KB: a dozen fields, text and numbers."""
    fields = {"id": f"sensor-{n}", "temperature": 21.5, "humidity": 40, "active": True, "tags": ["a", "b"]}
    padding = "x" * ((_BYTES - len(json.dumps(fields))) // 8 - 12)
    return json.dumps({**fields, **{f"field-{f}": padding for f in range(8)}}, separators=(",", ":"))


def main() -> int:
    here, there = multiprocessing.Pipe()
    sink = multiprocessing.Process(target=_sink, args=(there,), daemon=True)
    sink.start()
    url = f"http://127.0.0.1:{here.recv()}"
    dynamodb = _client("dynamodb", url, None)
    putting, deferring = _handler(url, _EMPTY), _handler(url, _DEEP)
    events = [_event(first) for first in range(0, _RECORDS, _BATCH)]
    provenance = Provenance.of(_VERSION, 0, 0)
    items = [to_item(parse(_body(n).encode()), provenance) for n in range(_RECORDS)]  # type: ignore[arg-type] # an object

    def bare() -> None:
        for item in items:
            dynamodb.put_item(TableName="records", Item=item)

    def put() -> None:
        for event in events:
            assert putting(event, _Context()) == {"batchItemFailures": []}

    def defer() -> None:
        for event in events:
            assert len(deferring(event, _Context())["batchItemFailures"]) == _BATCH

    runs = (bare, put, defer)
    for run in runs:  # warm-up
        run()
    rounds = [tuple(_cpu(run) for run in runs) for _ in range(_ROUNDS)]
    here.send(None)
    puts = here.recv()
    sink.join()
    if puts != 2 * (_ROUNDS + 1) * _RECORDS:
        print(f"the sink took {puts} puts: the measurement is void")
        return 1
    print(f"CPU per record of 1 KB, median of {_ROUNDS} rounds of {_RECORDS}, batches of {_BATCH}:")
    for name, seconds in zip(("a bare put_item loop", "put", "deferred"), zip(*rounds, strict=True), strict=True):
        ratio = statistics.median(each / loop for each, (loop, *_) in zip(seconds, rounds, strict=True))
        print(f"  {name:<21} {statistics.median(seconds) / _RECORDS * 1e6:7.0f} µs  {ratio:5.2f}")
    return 0


def _client(service: str, url: str, config: Config | None) -> Any:  # noqa: ANN401 - boto3's clients by name
    return boto3.client(
        service,  # type: ignore[call-overload] # one of two
        config=config,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - of nobody
    )


def _handler(url: str, queue_name: str) -> Any:  # noqa: ANN401 - called with an event as Lambda does
    """As consumer/aws_lambda.py composes it."""
    clock = Clock(lambda: time.time_ns() // 1_000_000, lambda: 0.5)

    def count(_name: str, _number: float) -> None:
        pass

    sqs = _client("sqs", url, CONFIG)
    table, queue = TableWriter(_client("dynamodb", url, CONFIG), "records"), DeliveryQueue(sqs, f"{url}/1/{queue_name}")
    backlog = Backlog(queue, table, time.time, 2)
    dependencies = DrainDependencies(
        puts=Puts(table, backlog, clock, ThreadPoolExecutor(PUTS_IN_FLIGHT_MAX).map, count, count),
        deferral=Deferral(backlog, Schedule(clock.random), clock),
        queue=queue,
        dead_letters=DeadLetterSender(sqs, "unused", clock.now_ms),
        key_schema=KeySchema(),
        clock=clock,
        count=count,
    )
    return create_handler(dependencies, lambda: None)


def _cpu(run: Any) -> float:  # noqa: ANN401 - a callable
    began = time.process_time()
    run()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
