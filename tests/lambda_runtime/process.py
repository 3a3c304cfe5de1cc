"""A built function in its own process, under AWS's runtime client, without anything else to import."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.lambda_runtime.configuration import Configuration
from tests.lambda_runtime.runtime_api import CutOff, Outcome, RuntimeApi

ACCESS_KEY = "ASIAFUNCTION"
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process is started from."""

    python: str
    artefact: Path
    libraries: Path


@dataclass(slots=True)
class Process:
    popen: "subprocess.Popen[bytes]"
    api: RuntimeApi
    log: Path
    timeout: int
    """Seconds that the template gives an invocation."""
    _read: int = 0

    def invoke(self, event: object, seconds: float | None = None) -> Outcome:
        """Raises `CutOff` where Lambda would kill the process: at the template's timeout, or after these seconds."""
        assert self.alive, self.log.read_text(encoding="utf-8")
        try:
            return self.api.invoke(event, seconds or self.timeout)
        except CutOff:
            self.popen.kill()
            raise

    def lines(self) -> list[dict[str, Any]]:
        """The lines logged since the last call. Fails if one is not a JSON object."""
        text = self.log.read_text(encoding="utf-8")
        new, self._read = text[self._read :], len(text)
        lines = [json.loads(line) for line in new.splitlines()]
        assert all(isinstance(line, dict) for line in lines), new
        return lines

    def init_error(self) -> tuple[dict[str, Any], int]:
        """The error with which the initialisation ended, and the process's exit code."""
        error: dict[str, Any] = self.api.init_errors.get(timeout=10)
        return error, self.popen.wait(timeout=10)

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None


Start: TypeAlias = Callable[..., AbstractContextManager[Process]]
"""Starts a new process; the keyword arguments are changes to its environment, None leaves a variable out."""


@contextmanager
def running(
    runtime: Runtime, configuration: Configuration, log: Path, changes: Mapping[str, str | None]
) -> Iterator[Process]:
    """`changes` to the environment: None leaves a variable out."""
    api = RuntimeApi()
    given = {**_environment(configuration, runtime.artefact, api.address), **changes}
    command = [
        runtime.python,
        "-I",
        "-S",
        "-B",
        *map(str, (_BOOTSTRAP, runtime.artefact, runtime.libraries)),
        configuration.handler,
    ]
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command,
            cwd=runtime.artefact,
            env={name: value for name, value in given.items() if value is not None},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Process(popen, api, log, configuration.timeout)
    finally:
        popen.kill()  # as Lambda ends it
        popen.wait()
        api.close()


def _environment(configuration: Configuration, artefact: Path, api: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory),
        "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": configuration.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration.name}",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",  # what Lambda sets where the format is JSON and the template says no level
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef",
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(artefact),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_HANDLER": configuration.handler,
        **configuration.variables,
    }
