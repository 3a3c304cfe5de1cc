"""`python -m dev.bench.drain.cpu`: the consumer's CPU per record beside a bare loop of boto3's put_item, in one run.

Both talk to a sink on loopback that answers like DynamoDB and costs next to nothing; it runs in a process of its own,
and its count must equal what was put. CPU is the client process's own, user and system.
"""

import json
import multiprocessing
import socketserver
import statistics
import sys
import time
from http.server import BaseHTTPRequestHandler
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from consumer.clients import CONFIG
from consumer.clock import Clock
from consumer.drain import DrainDependencies
from consumer.handler import create_handler
from consumer.pace import Pace
from consumer.paced_table import PacedTable
from consumer.queue import DeliveryQueue
from consumer.table import TableWriter
from records.item import Provenance, to_item
from records.json_text import parse
from records.key import KeySchema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ROUNDS = 7
_RECORDS = 1000
_BATCH = 10
_BYTES = 1024
_VERSION = "018bcfe5-687b-7000-8000-000000000000"
_ANSWER = b'{"ConsumedCapacity":{"CapacityUnits":1.0,"Table":{"CapacityUnits":1.0},"TableName":"records"}}'


class _Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    puts = 0


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Sink

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.puts += 1
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER)
            + _ANSWER
        )

    def log_message(self, *_: object) -> None:
        """Quiet."""


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
    def record(n: int) -> dict[str, Any]:
        return {
            "messageId": f"{n:08x}-0000-4000-8000-000000000000",
            "receiptHandle": "handle",
            "body": _body(n),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
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
    sink = multiprocessing.Process(target=_sink, args=(there,))
    sink.start()
    url = f"http://127.0.0.1:{here.recv()}"
    handler, dynamodb = _handler(_client(url, CONFIG)), _client(url, None)
    events = [_event(first) for first in range(0, _RECORDS, _BATCH)]
    provenance = Provenance.of(_VERSION, 0, 0)
    items = [to_item(parse(_body(n).encode()), provenance) for n in range(_RECORDS)]  # type: ignore[arg-type] # an object

    def drain() -> None:
        for event in events:
            assert handler(event, _Context()) == {"batchItemFailures": []}

    def bare() -> None:
        for item in items:
            dynamodb.put_item(TableName="records", Item=item)

    for run in (drain, bare):  # warm-up
        run()
    pairs = [(_cpu(drain), _cpu(bare)) for _ in range(_ROUNDS)]
    here.send(None)
    puts = here.recv()
    sink.join()
    if puts != 2 * (_ROUNDS + 1) * _RECORDS:
        print(f"the sink took {puts} puts: the measurement is void")
        return 1
    forebay, loop = (statistics.median(each) / _RECORDS * 1e6 for each in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"CPU per record of 1 KB, median of {_ROUNDS} rounds of {_RECORDS}:")
    print(f"  bare put_item loop  {loop:7.0f} µs")
    print(f"  the consumer        {forebay:7.0f} µs")
    print(f"  ratio               {ratio:7.2f}")
    return 0


def _client(url: str, config: Config | None) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        config=config,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - of nobody
    )


def _handler(dynamodb: "DynamoDBClient") -> Any:  # noqa: ANN401 - called with an event as Lambda does
    clock = Clock(lambda: time.time_ns() // 1_000_000, time.monotonic, time.sleep, lambda: 0.5)

    def count(_name: str, _number: float) -> None:
        pass

    table = PacedTable(TableWriter(dynamodb, "records"), Pace(2, clock.random), clock, count)
    queue: Any = DeliveryQueue(None, "unused")  # type: ignore[arg-type] # nothing goes back here
    return create_handler(DrainDependencies(table, queue, queue, KeySchema(), clock, count), lambda: None)


def _cpu(run: Any) -> float:  # noqa: ANN401 - a callable
    began = time.process_time()
    run()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
