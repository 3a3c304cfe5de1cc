"""Buffers to operate: queues and a table of their own for each test, on one emulator."""

import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.paths import ROOT
from ops.stop import StopFlag
from ops.target import Target
from records.key import KeySchema
from tests.emulator.ops.buffer import Buffer, Emulator
from tests.harness.ports import free_ports

_START_SECONDS_MAX = 30


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder, token = tmp_path_factory.mktemp("emulator"), secrets.token_hex()
    (port,) = free_ports(1)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": port,
        "BURST_SECONDS": "0",
        "STACK_TOKEN": token,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dev.local.emulator"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS_MAX
        while _token(f"http://127.0.0.1:{port}") != token:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "the emulator did not answer"
            time.sleep(0.02)
        emulator = Emulator(int(port))
        yield emulator
        for client in emulator.clients.values():
            client.close()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _token(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/_forebay/token", timeout=2) as answer:  # noqa: S310 - http on loopback
            return str(answer.read().decode())
    except OSError:
        return ""


@pytest.fixture(scope="session")
def table_name(emulator: Emulator) -> str:
    emulator.client("dynamodb").create_table(
        TableName="records",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000},
    )
    return "records"


@pytest.fixture
def buffer(emulator: Emulator, table_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buffer]:
    monkeypatch.setattr("ops.scan.WAIT_SECONDS", 0)  # the emulator has only one server, so long polling is not needed
    sqs, dynamodb, cloudwatch = (emulator.client(service) for service in ("sqs", "dynamodb", "cloudwatch"))
    name = secrets.token_hex(8)
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'
    records = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    target = Target("this buffer", sqs, dynamodb, cloudwatch, records, dead, table_name, KeySchema())
    yield Buffer(emulator, target, StopFlag())
    for url in (records, dead):
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def local(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The option with which the commands find the buffer. They use its clients instead of new ones."""
    target = replace(buffer.target, name="the local stack on port 8123")
    monkeypatch.setattr("ops.target_options.on_this_machine", {8123: target}.__getitem__)
    return "--local=8123"


@pytest.fixture
def addresses(buffer: Buffer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which --local=8123 finds the buffer."""
    monkeypatch.setattr("ops.target.ADDRESSES", tmp_path)
    path = tmp_path / "8123.env"
    path.write_text(buffer.addresses())
    return path
