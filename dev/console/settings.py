"""The console's settings, from the environment that `dev.local.stack` starts it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config

from ops.local_session import local_session
from ops.target import Target
from records.key import KeySchema

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},  # the page shows every failure
    connect_timeout=2,
    read_timeout=5,
    max_pool_connections=20,
)


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    port: int
    api_url: str
    aws_url: str
    token: str
    """Of this run; it opens the emulator's control API."""
    target: Target
    api_log: Path
    """The file of the API's log lines."""
    logs: Any
    """boto3's client of CloudWatch Logs, for the consumer's."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ConsoleSettings":
        aws_url = environment["AWS_ENDPOINT_URL"]
        session = local_session(environment)
        target = Target(
            name="the local stack",
            sqs=session.client("sqs", endpoint_url=aws_url, config=_CONFIG),
            dynamodb=session.client("dynamodb", endpoint_url=aws_url, config=_CONFIG),
            cloudwatch=session.client("cloudwatch", endpoint_url=aws_url, config=_CONFIG),
            record_queue_url=environment["RECORD_QUEUE_URL"],
            record_dead_letter_queue_url=environment["RECORD_DEAD_LETTER_QUEUE_URL"],
            record_table_name=environment["RECORD_TABLE_NAME"],
            key_schema=KeySchema.read(environment["RECORD_TABLE_KEY"]),
        )
        return cls(
            port=int(environment["CONSOLE_PORT"]),
            api_url=environment["API_URL"],
            aws_url=aws_url,
            token=environment["STACK_TOKEN"],
            target=target,
            api_log=Path(environment["API_LOG"]),
            logs=session.client("logs", endpoint_url=aws_url, config=_CONFIG),
        )
