"""The environment variables of each process of the local stack."""

import os
from collections.abc import Mapping
from pathlib import Path

from dev.local.deploy import StackOutputs
from dev.local.settings import LocalSettings


def base_environment(folder: Path) -> dict[str, str]:
    """What every process gets of this one's environment: no credentials, no AWS settings, no secrets of the user's.

    The functions inherit it too, because the emulator passes its own environment on to them. TMPDIR is private, because
    the emulator does not delete the zips that it unpacks.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # Everything that the stack calls is on loopback; macOS has proxies in its settings, too.
        "NO_PROXY": "*",
        "PYTHONUNBUFFERED": "1",
    }


def aws_environment(aws_url: str) -> dict[str, str]:
    """What points boto3 at the emulator: the only difference between the local stack and AWS."""
    return {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def emulator_environment(settings: LocalSettings, token: str) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(settings.aws_port),
        "BURST_SECONDS": str(settings.burst_seconds),
        "STACK_TOKEN": token,
        # What MiniStack would open besides its port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
    }


def api_environment(settings: LocalSettings, outputs: StackOutputs) -> dict[str, str]:
    return {
        "BACKLOG_HOURS_MAX": str(settings.backlog_hours_max),
        "RECORD_QUEUE_URL": outputs.record_queue_url,
        "RECORD_DEAD_LETTER_QUEUE_URL": outputs.record_dead_letter_queue_url,
        "RECORD_TABLE_NAME": outputs.record_table_name,
        "RECORD_TABLE_KEY": outputs.record_table_key,
    }


def console_environment(
    settings: LocalSettings, outputs: StackOutputs, api_url: str, api_log: Path, token: str
) -> Mapping[str, str]:
    return {
        "API_LOG": str(api_log),
        **api_environment(settings, outputs),
        "CONSOLE_PORT": str(settings.console_port),
        "API_URL": api_url,
        "STACK_TOKEN": token,
    }
