"""The local stack: the emulator with the template deployed into it, the API in front, and the console."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from dev.local.deploy import Stack, deploy
from dev.local.emulator import LOOPBACK, TOKEN_PATH
from dev.local.ports import claim
from dev.local.processes import Process, StopRequest, answers
from dev.local.settings import Settings
from dev.paths import ROOT

_REFUSED_BY_THE_EMULATOR = {"BacklogAlarmHours": "0"}
"""MiniStack knows no alarm over several metrics."""


@dataclass(frozen=True, slots=True)
class Running:
    """A local stack that answers."""

    api_url: str
    aws_url: str
    console_url: str
    aws_environment: Mapping[str, str]
    stack: Stack
    processes: tuple[Process, ...]
    logs: Path


@contextmanager
def running(settings: Settings, stop: StopRequest) -> Iterator[Running]:
    """Starts everything, and ends everything that was started, however the block is left.

    Raises `PortTaken`, `ProcessFailed` or `DeployFailed`; and `Stopped` when `stop` is made before all of it answers.
    """
    claim(settings.port, "PORT")
    claim(settings.aws_port, "AWS_PORT")
    claim(settings.console_port, "CONSOLE_PORT")
    aws_url = f"http://{LOOPBACK}:{settings.aws_port}"
    api_url = f"http://{LOOPBACK}:{settings.port}"
    aws_environment = _aws_environment(aws_url)
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="forebay-", ignore_cleanup_errors=True)))
        base = _base_environment(folder)

        token = secrets.token_hex()
        emulator = Process("aws", ["dev.local.emulator"], base | _emulator_environment(settings, token), folder, ROOT)
        started.callback(emulator.stop)
        emulator.wait_until(lambda: answers(f"{aws_url}{TOKEN_PATH}", token.encode()), stop)

        parameters = {"TableWriteCapacityUnits": str(settings.wcu), **_REFUSED_BY_THE_EMULATOR}
        stack = deploy(_session(aws_environment), aws_url, parameters)

        arguments = [
            "uvicorn",
            "api.main:app",
            "--host",
            LOOPBACK,
            "--port",
            str(settings.port),
            # httptools, the other parser, drops the body of a request that asks for an upgrade (curl --http2, Java).
            "--http",
            "h11",
            "--ws",
            "none",
        ]
        api = Process("api", arguments, base | aws_environment | _api_environment(stack), folder, ROOT)
        started.callback(api.stop)

        console_url = f"http://{LOOPBACK}:{settings.console_port}"
        given = _api_environment(stack) | _console_environment(settings, api_url, token)
        console = Process("console", ["dev.console"], base | aws_environment | given, folder, ROOT)
        started.callback(console.stop)
        api.wait_until(lambda: answers(f"{api_url}/health"), stop)
        console.wait_until(lambda: answers(f"{console_url}{TOKEN_PATH}", token.encode()), stop)

        run = Running(api_url, aws_url, console_url, aws_environment, stack, (emulator, api, console), folder)
        started.enter_context(_addresses_file(settings.port, run))
        yield run


def _session(aws_environment: Mapping[str, str]) -> boto3.session.Session:
    return boto3.session.Session(
        aws_environment["AWS_ACCESS_KEY_ID"],
        aws_environment["AWS_SECRET_ACCESS_KEY"],
        region_name=aws_environment["AWS_DEFAULT_REGION"],
    )


def _base_environment(folder: Path) -> dict[str, str]:
    """What every process gets of this one's environment: no credentials, no AWS settings, no secrets of the user's.

    The functions inherit it too, because the emulator gives its own environment to them. TMPDIR is private, because
    the emulator leaves the zips that it unpacks behind.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def _aws_environment(aws_url: str) -> dict[str, str]:
    """What points boto3 at the emulator: the only difference between here and AWS."""
    return {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def _emulator_environment(settings: Settings, token: str) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(settings.aws_port),
        "BURST_SECONDS": str(settings.burst_seconds),
        "STACK_TOKEN": token,
        # What MiniStack would open besides its port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
    }


def _api_environment(stack: Stack) -> dict[str, str]:
    return {
        "RECORD_QUEUE_URL": stack.record_queue_url,
        "RECORD_DEAD_LETTER_QUEUE_URL": stack.record_dead_letter_queue_url,
        "RECORD_TABLE_NAME": stack.record_table_name,
        "RECORD_TABLE_KEY": stack.record_table_key,
    }


def _console_environment(settings: Settings, api_url: str, token: str) -> dict[str, str]:
    return {
        "CONSOLE_PORT": str(settings.console_port),
        "API_URL": api_url,
        "BURST_SECONDS": str(settings.burst_seconds),
        "STACK_TOKEN": token,
    }


@contextmanager
def _addresses_file(port: int, run: Running) -> Iterator[None]:
    """`.local/PORT.env`, for the scripts that work with the running stack: shell assignments, there while it runs."""
    path = ROOT / ".local" / f"{port}.env"
    path.parent.mkdir(exist_ok=True)
    addresses = {
        "API_URL": run.api_url,
        "CONSOLE_URL": run.console_url,
        "LOGS": str(run.logs),
        "RECORD_QUEUE_URL": run.stack.record_queue_url,
        "RECORD_DEAD_LETTER_QUEUE_URL": run.stack.record_dead_letter_queue_url,
        "RECORD_TABLE_NAME": run.stack.record_table_name,
        "RECORD_TABLE_KEY": run.stack.record_table_key,
        "HTTP_API_ID": run.stack.http_api_id,
        "API_FUNCTION_NAME": run.stack.api_function_name,
        **run.aws_environment,
    }
    path.write_text("".join(f"{name}={value}\n" for name, value in addresses.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
