"""The built functions under AWS's runtime client. A test module names its function: the fixture `function`."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dev.local import artefacts
from tests.lambda_runtime.aws import Aws
from tests.lambda_runtime.configuration import configuration
from tests.lambda_runtime.process import Process, Runtime, Start, running


@pytest.fixture(scope="module")
def runtime(function: str) -> Iterator[Runtime]:
    python = artefacts.lambda_python()
    if python is None:
        pytest.skip(f"no Python {artefacts.RUNTIME} here")
    libraries = artefacts.lambda_runtime(python)
    if libraries is None:
        pytest.skip(f"no awslambdaric for this Python in {artefacts.LAMBDA_RUNTIME.name}: make test installs it")
    with tempfile.TemporaryDirectory() as folder:
        yield Runtime(python, artefacts.build(function, Path(folder)), libraries)


@pytest.fixture(scope="module")
def _aws() -> Iterator[Aws]:
    aws = Aws()
    yield aws
    aws.close()


@pytest.fixture
def aws(_aws: Aws) -> Iterator[Aws]:
    """Reset for each test."""
    _aws.reset()
    yield _aws
    _aws.reset()


@pytest.fixture(scope="module")
def start(function: str, runtime: Runtime, _aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Start:
    configured = configuration(function, _aws.resources)
    logs, numbers = tmp_path_factory.mktemp("logs"), count()

    def start(**changes: Any) -> AbstractContextManager[Process]:
        return running(runtime, configured, logs / str(next(numbers)), {"AWS_ENDPOINT_URL": _aws.url, **changes})

    return start


@pytest.fixture(scope="module")
def _warm(start: Start) -> Iterator[Process]:
    with start() as process:
        yield process


@pytest.fixture
def warm(_warm: Process) -> Process:
    """One process for all tests of a module."""
    _warm.lines()  # discards those of the previous test
    return _warm
