"""A running local stack for the black-box tests: started by the command that a newcomer uses, and stopped by Ctrl-C."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config

from dev.paths import ROOT
from tests.harness.ports import free_ports

_START_SECONDS_MAX = 90


@dataclass(frozen=True)
class Stack:
    """The addresses that `make run` leaves in `.local/PORT.env` while it runs."""

    port: str
    addresses: dict[str, str]
    clients: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.addresses[name]

    def client(self, service: Literal["dynamodb", "lambda", "sqs"]) -> Any:
        if service in self.clients:
            return self.clients[service]
        self.clients[service] = boto3.client(
            service,
            endpoint_url=self["AWS_ENDPOINT_URL"],
            aws_access_key_id=self["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self["AWS_SECRET_ACCESS_KEY"],
            region_name=self["AWS_DEFAULT_REGION"],
            config=Config(retries={"total_max_attempts": 1}),  # what the stack says is what the test sees
        )
        return self.clients[service]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()

    def messages(self, queue: str = "RECORD_QUEUE_URL") -> int:
        """Waiting and in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=self[queue], AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def items(self) -> list[dict[str, Any]]:
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self["RECORD_TABLE_NAME"])
        return [item for page in pages for item in page["Items"]]


def make(target: str, **variables: str) -> list[str]:
    return ["make", "--no-print-directory", target, *(f"{name}={text}" for name, text in variables.items())]


def start(port: str, aws_port: str, **variables: str) -> "subprocess.Popen[str]":
    # MAKEFLAGS and what else an outer make hands down would change what this one does.
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    variables.setdefault("CONSOLE_PORT", free_ports(1)[0])
    return subprocess.Popen(
        make("run", PORT=port, AWS_PORT=aws_port, **variables),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def addresses_file(port: str) -> Path:
    return ROOT / ".local" / f"{port}.env"


def wait_for_addresses(run: "subprocess.Popen[str]", port: str) -> dict[str, str]:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while not addresses_file(port).exists():
        if run.poll() is not None or time.monotonic() > deadline:
            run.kill()
            pytest.fail(f"the stack did not start:\n{run.communicate()[0]}")
        time.sleep(0.05)
    lines = addresses_file(port).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def interrupt(run: "subprocess.Popen[str]", number: int = signal.SIGINT) -> str:
    """As Ctrl-C in a terminal does: to the whole foreground group. Returns what was printed."""
    os.killpg(run.pid, number)
    try:
        return run.communicate(timeout=30)[0]
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        raise


@contextmanager
def running(**variables: str) -> Iterator[Stack]:
    port, aws_port = free_ports(2)
    run = start(port, aws_port, **variables)
    try:
        stack = Stack(port, wait_for_addresses(run, port))
        yield stack
        stack.close()
    finally:
        interrupt(run)
