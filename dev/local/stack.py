"""The local stack: the emulator with the template deployed into it, the API in front, and the console."""

import math
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.local.deploy import StackOutputs, deploy
from dev.local.environments import (
    api_environment,
    aws_environment,
    base_environment,
    console_environment,
    emulator_environment,
)
from dev.local.log_follower import followed
from dev.local.loopback import LOOPBACK, TOKEN_PATH, responds
from dev.local.ports import require_free
from dev.local.processes import START_SECONDS_MAX, Process, StopRequest
from dev.local.settings import LocalSettings
from dev.paths import ROOT
from ops.local_session import local_session

_PARAMETERS = {"BacklogAlarmHours": "0"}
"""MiniStack does not support alarms over several metrics."""
RELOADED = ("api", "records", "telemetry")
"""The folders whose changes restart the API under `reload`: everything that it imports."""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A local stack that is ready."""

    api_url: str
    aws_url: str
    console_url: str
    aws_environment: Mapping[str, str]
    outputs: StackOutputs
    processes: tuple[Process, ...]
    logs: Path


@contextmanager
def running_stack(settings: LocalSettings, stop: StopRequest, *, reload: bool = False) -> Iterator[RunningStack]:
    """Starts everything, and ends everything that was started, however the block is left.

    With `reload` the API restarts whenever its sources change, and its log is on standard output too.

    Raises `PortTaken`, `ProcessFailed` or `DeployFailed`; and `StartCancelled` when `stop` is made before the stack is
    ready.
    """
    require_free(settings.port, "PORT")
    require_free(settings.aws_port, "AWS_PORT")
    require_free(settings.console_port, "CONSOLE_PORT")
    aws_url, api_url, console_url = (
        f"http://{LOOPBACK}:{port}" for port in (settings.aws_port, settings.port, settings.console_port)
    )
    token = secrets.token_hex()
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="forebay-", ignore_cleanup_errors=True)))
        base, aws = base_environment(folder), aws_environment(aws_url)

        def start(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
            process = Process(name, arguments, {**base, **environment}, folder, ROOT)
            started.callback(process.stop)
            return process

        emulator = start("aws", ["dev.local.emulator"], emulator_environment(settings, token))
        emulator.wait_until(lambda: responds(f"{aws_url}{TOKEN_PATH}", token.encode()), stop)
        parameters = {
            "TableWriteCapacityUnits": str(settings.wcu),
            "BacklogHoursMax": str(settings.backlog_hours_max),
            **_PARAMETERS,
        }
        outputs = deploy(local_session(aws), aws_url, parameters)

        api = start("api", api_arguments(settings.port, reload=reload), aws | api_environment(settings, outputs))
        if reload:
            started.enter_context(followed(api.log, sys.stdout))
        console = start(
            "console", ["dev.console"], {**aws, **console_environment(settings, outputs, api_url, api.log, token)}
        )
        # Under `reload` it may be broken at the start: then its log shows why, and the next edit may repair it.
        api.wait_until(lambda: responds(f"{api_url}/health"), stop, math.inf if reload else START_SECONDS_MAX)
        console.wait_until(lambda: responds(f"{console_url}{TOKEN_PATH}", token.encode()), stop)

        stack = RunningStack(api_url, aws_url, console_url, aws, outputs, (emulator, api, console), folder)
        started.enter_context(_addresses_file(settings, stack))
        yield stack


def api_arguments(port: int, *, reload: bool) -> list[str]:
    arguments = ["uvicorn", "api.main:app", "--host", LOOPBACK, "--port", str(port)]
    # httptools, the other parser, drops the body of a request that asks for an upgrade (curl --http2, Java).
    arguments += ["--http", "api.client_time_limit:TimeLimitedH11", "--ws", "none", "--no-server-header"]
    if reload:
        arguments += ["--reload", *(argument for folder in RELOADED for argument in ("--reload-dir", folder))]
        # A request under way may hang because of the change itself; it must not hold the restart up.
        arguments += ["--timeout-graceful-shutdown", "5"]
    return arguments


@contextmanager
def _addresses_file(settings: LocalSettings, stack: RunningStack) -> Iterator[None]:
    """`.local/PORT.env`, for scripts that use the running stack: shell assignments. It exists while the stack runs."""
    path = ROOT / ".local" / f"{settings.port}.env"
    path.parent.mkdir(exist_ok=True)
    addresses = {
        "API_URL": stack.api_url,
        "CONSOLE_URL": stack.console_url,
        "LOGS": str(stack.logs),
        **api_environment(settings, stack.outputs),
        "HTTP_API_ID": stack.outputs.http_api_id,
        "API_FUNCTION_NAME": stack.outputs.api_function_name,
        **stack.aws_environment,
    }
    path.write_text("".join(f"{name}={value}\n" for name, value in addresses.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
