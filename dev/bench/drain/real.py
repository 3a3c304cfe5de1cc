"""`python -m dev.bench.drain.real`: the policies in real time, each on a local stack of its own, side by side.

RECORDS records of 4 KB into a table of one write unit a second without burst credit; about seven minutes.
"""

import argparse
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from dev.paths import ROOT

_UNITS_A_RECORD = 5
_BYTES = 4096
_FIRST_PORT = 18_100


@dataclass(frozen=True, slots=True)
class Outcome:
    stored: int
    dead_lettered: int
    seconds: float


def run(policy: str, port: int, records: int) -> Outcome:
    """From the burst until nothing is left in the queue."""
    with _stack(port) as addresses:
        if policy != "forebay":
            _replace_consumer(addresses, policy)
        began = time.monotonic()
        for first in range(0, records, 10):
            batch = [{"id": f"{n}", "content": "x" * (_BYTES - 30)} for n in range(first, min(first + 10, records))]
            assert httpx.post(f"{addresses['API_URL']}/records", json=batch).status_code == httpx.codes.ACCEPTED
        last = began
        stored = dead = 0
        deadline = began + records * _UNITS_A_RECORD * 3 + 450
        while time.monotonic() < deadline:
            now_stored, dead, waiting = _look(addresses)
            if now_stored > stored:
                stored, last = now_stored, time.monotonic()
            if stored + dead >= records and not waiting:
                break
            time.sleep(0.5)
        return Outcome(stored, dead, last - began)


@contextmanager
def _stack(port: int) -> Iterator[dict[str, str]]:
    ports = {"PORT": str(port), "AWS_PORT": str(port + 50), "CONSOLE_PORT": str(port + 70)}
    environment = {**os.environ, **ports, "WCU": "1", "BURST_SECONDS": "0"}
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
        service,  # type: ignore[call-overload] # one of three
        endpoint_url=addresses["AWS_ENDPOINT_URL"],
        region_name=addresses["AWS_DEFAULT_REGION"],
        aws_access_key_id=addresses["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=addresses["AWS_SECRET_ACCESS_KEY"],
    )


def _replace_consumer(addresses: dict[str, str], policy: str) -> None:
    """The deployed consumer becomes the baseline, and the queue gets the original pattern's settings."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(Path(__file__).with_name("baselines.py"), "baselines.py")
    functions = _client(addresses, "lambda")
    name = next(f["FunctionName"] for f in functions.list_functions()["Functions"] if "Consumer" in f["FunctionName"])
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name,
        Handler="baselines.handler",
        Environment={"Variables": {**variables, "BASELINE_RETRIES": policy}},
    )
    functions.update_function_code(FunctionName=name, ZipFile=code.getvalue())
    if policy == "original":
        queues = _client(addresses, "sqs")
        url = addresses["RECORD_QUEUE_URL"]
        redrive = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        attributes = {
            "VisibilityTimeout": "20",
            "RedrivePolicy": redrive["RedrivePolicy"].replace("100", "20"),
        }
        queues.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _look(addresses: dict[str, str]) -> tuple[int, int, int]:
    """Items in the table, dead letters, messages in the queue."""
    table = _client(addresses, "dynamodb").scan(TableName=addresses["RECORD_TABLE_NAME"], Select="COUNT")["Count"]
    sqs = _client(addresses, "sqs")

    def depth(url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))

    dead, waiting = depth(addresses["RECORD_DEAD_LETTER_QUEUE_URL"]), depth(addresses["RECORD_QUEUE_URL"])
    return table, dead, waiting


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.drain.real", description=__doc__)
    parser.add_argument("--records", type=int, default=50)
    parser.add_argument("--policies", nargs="+", default=["forebay", "adaptive", "original"], help="which of them")
    arguments = parser.parse_args()
    policies: list[str] = arguments.policies
    ideal = arguments.records * _UNITS_A_RECORD
    print(f"{arguments.records} records of 4 KB, 1 write unit a second, no burst credit; ideal: {ideal} s")
    with ThreadPoolExecutor(len(policies)) as executor:
        ports = range(_FIRST_PORT, _FIRST_PORT + len(policies))
        outcomes = executor.map(run, policies, ports, [arguments.records] * len(policies))
        for policy, outcome in zip(policies, outcomes, strict=True):
            print(
                f"  {policy:<9} stored {outcome.stored:>3}, dead-lettered {outcome.dead_lettered:>3},"
                f" last put after {outcome.seconds:.0f} s ({outcome.seconds / ideal:.2f} of the ideal)",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
