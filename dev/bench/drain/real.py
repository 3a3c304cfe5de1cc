"""`python -m dev.bench.drain.real`: policies in real time, each on a local stack of its own, side by side.

Records of 4 KB go into a table without credit at the start; first it keeps 300 s of credit, then none. 20 minutes.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx

from dev.bench.drain.replaced import REPLACEMENTS, replace_consumer
from dev.paths import ROOT

_UNITS_A_RECORD = 5
_BYTES = 4096
_FIRST_PORT = 18_100
_SEND_AT_ONCE = 10
_LATEST_TIMES, _LATEST_SECONDS = 3, 300
"""Times the ideal, and so much more, after which a run ends."""
_INVOCATION_SECONDS_MAX = 60
_REPORT = re.compile(r"^REPORT .*Billed Duration: (\d+) ms")


@dataclass(frozen=True, slots=True)
class RealTable:
    wcu: int
    burst_seconds: int
    records: int

    @property
    def ideal_seconds(self) -> float:
        return self.records * _UNITS_A_RECORD / self.wcu


@dataclass(frozen=True, slots=True)
class RealOutcome:
    stored: int
    dead_lettered: int
    seconds: float
    """Until the last record was stored."""
    invocations: int
    billed_seconds: float


def run(policy: str, port: int, table: RealTable) -> RealOutcome:
    """From the burst until every record is stored or dead-lettered."""
    with _stack(port, table) as addresses:
        consumer = _consumer_name(addresses)
        if policy in REPLACEMENTS:
            replace_consumer(_client(addresses, "lambda"), _client(addresses, "sqs"), addresses, consumer, policy)
        began = time.monotonic()
        _send(addresses["API_URL"], table.records)
        last, stored, dead = began, 0, 0
        latest = began + table.ideal_seconds * _LATEST_TIMES + _LATEST_SECONDS
        while stored + dead < table.records and time.monotonic() < latest:
            time.sleep(1)
            now_stored, dead = _look(addresses)
            if now_stored > stored:
                stored, last = now_stored, time.monotonic()
        time.sleep(_INVOCATION_SECONDS_MAX)  # invocations under way end, and are counted
        billed = _billed(addresses, consumer)
        return RealOutcome(stored, dead, last - began, len(billed), sum(billed))


def _send(api_url: str, records: int) -> None:
    for first in range(0, records, _SEND_AT_ONCE):
        numbers = range(first, min(first + _SEND_AT_ONCE, records))
        batch = [{"id": f"{n}", "content": "x" * (_BYTES - 30)} for n in numbers]
        assert httpx.post(f"{api_url}/records", json=batch).status_code == httpx.codes.ACCEPTED


@contextmanager
def _stack(port: int, table: RealTable) -> Iterator[dict[str, str]]:
    ports = {"PORT": str(port), "AWS_PORT": str(port + 50), "CONSOLE_PORT": str(port + 70)}
    environment = {**os.environ, **ports, "WCU": str(table.wcu), "BURST_SECONDS": str(table.burst_seconds)}
    command = [sys.executable, "-m", "dev.local"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        try:
            path = ROOT / ".local" / f"{port}.env"
            while not path.exists():
                if process.poll() is not None:
                    raise SystemExit(f"the stack on port {port} did not start")
                time.sleep(0.1)
            lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
            yield {name: value.strip("'\"") for name, _, value in lines}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _client(addresses: dict[str, str], service: str) -> Any:  # noqa: ANN401 - boto3's clients by name
    return boto3.client(
        service,  # type: ignore[call-overload] # one of four
        endpoint_url=addresses["AWS_ENDPOINT_URL"],
        region_name=addresses["AWS_DEFAULT_REGION"],
        aws_access_key_id=addresses["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=addresses["AWS_SECRET_ACCESS_KEY"],
    )


def _consumer_name(addresses: dict[str, str]) -> str:
    functions = _client(addresses, "lambda").list_functions()["Functions"]
    return next(str(each["FunctionName"]) for each in functions if "Consumer" in each["FunctionName"])


def _look(addresses: dict[str, str]) -> tuple[int, int]:
    """Items in the table, and dead letters."""
    pages = _client(addresses, "dynamodb").get_paginator("scan")
    stored = sum(page["Count"] for page in pages.paginate(TableName=addresses["RECORD_TABLE_NAME"], Select="COUNT"))
    url, name = addresses["RECORD_DEAD_LETTER_QUEUE_URL"], "ApproximateNumberOfMessages"
    dead = _client(addresses, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
    return stored, int(dead)


def _billed(addresses: dict[str, str], consumer: str) -> list[float]:
    """The seconds of each invocation, as Lambda reports them in the function's log."""
    logging = _client(addresses, "lambda").get_function_configuration(FunctionName=consumer)["LoggingConfig"]
    pages = _client(addresses, "logs").get_paginator("filter_log_events").paginate(logGroupName=logging["LogGroup"])
    reports = (_REPORT.search(event["message"]) for page in pages for event in page["events"])
    return [int(report[1]) / 1000 for report in reports if report]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.drain.real", description=__doc__)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--wcu", type=int, default=5)
    parser.add_argument("--credit", type=int, nargs="+", default=[300, 0], help="seconds of it that the table keeps")
    parser.add_argument("--policies", nargs="+", default=["forebay", "waiting"], choices=["forebay", *REPLACEMENTS])
    arguments = parser.parse_args()
    for credit in arguments.credit:
        _compare(RealTable(arguments.wcu, credit, arguments.records), arguments.policies)
    return 0


def _compare(table: RealTable, policies: list[str]) -> None:
    print(
        f"{table.records} records of 4 KB, {table.wcu} write units a second, {table.burst_seconds} s of credit, empty"
        f" at the start; ideal: {table.ideal_seconds:.0f} s",
        flush=True,
    )
    with ThreadPoolExecutor(len(policies)) as executor:
        ports = range(_FIRST_PORT, _FIRST_PORT + len(policies))
        for policy, outcome in zip(policies, executor.map(run, policies, ports, [table] * len(policies)), strict=True):
            print(
                f"  {policy:<9} stored {outcome.stored:>3}, dead-lettered {outcome.dead_lettered:>3}, last put after"
                f" {outcome.seconds:.0f} s ({outcome.seconds / table.ideal_seconds:.2f} of the ideal),"
                f" {outcome.invocations:,.0f} invocations, {outcome.billed_seconds:,.1f} billed seconds",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
