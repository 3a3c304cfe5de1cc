"""A running local stack for the black-box tests: started with the command that a newcomer uses, stopped with Ctrl-C."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from botocore.config import Config

from dev.paths import ROOT
from ops.local_session import local_session
from tests.harness.commands import interrupt
from tests.harness.ports import free_ports

_START_SECONDS_MAX = 90


@dataclass(frozen=True)
class Stack:
    """The addresses that `make run` writes to `.local/PORT.env` while it runs."""

    port: str
    addresses: dict[str, str]
    clients: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.addresses[name]

    def client(self, service: Literal["dynamodb", "lambda", "sqs"]) -> Any:
        if service not in self.clients:
            self.clients[service] = local_session(self.addresses).client(
                service,
                endpoint_url=self["AWS_ENDPOINT_URL"],
                config=Config(retries={"total_max_attempts": 1}),  # the test sees every failure
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


def start(
    port: str,
    aws_port: str,
    *,
    target: str = "run",
    folder: Path = ROOT,
    environment: Mapping[str, str] = os.environ,
    **variables: str,
) -> "subprocess.Popen[str]":
    """Starts `make run` (or another target) in the project's folder (or in a copy of it)."""
    variables.setdefault("CONSOLE_PORT", free_ports(1)[0])
    return subprocess.Popen(
        make(target, PORT=port, AWS_PORT=aws_port, **variables),
        cwd=folder,
        # MAKEFLAGS and the other variables that an outer make sets would change what this one does.
        env={name: text for name, text in environment.items() if not name.startswith(("MAKE", "MFLAGS"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def addresses_file(port: str, folder: Path = ROOT) -> Path:
    return folder / ".local" / f"{port}.env"


def wait_for_addresses(run: "subprocess.Popen[str]", port: str, folder: Path = ROOT) -> dict[str, str]:
    path = addresses_file(port, folder)
    deadline = time.monotonic() + _START_SECONDS_MAX
    while not path.exists():
        if run.poll() is not None:
            pytest.fail(f"the stack did not start:\n{run.communicate()[0]}")
        if time.monotonic() > deadline:
            pytest.fail(f"the stack did not start in time:\n{interrupt(run)}")
        time.sleep(0.05)
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@contextmanager
def running(**variables: str) -> Iterator[Stack]:
    port, aws_port = free_ports(2)
    run = start(port, aws_port, target="run", folder=ROOT, environment=os.environ, **variables)
    try:
        stack = Stack(port, wait_for_addresses(run, port))
        yield stack
        stack.close()
    finally:
        interrupt(run)
