"""What the console is told by whoever started it (`dev.local.stack`)."""

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.config import Config

from ops.target import Target
from records.key import KeySchema

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},  # what the stack says is what the page shows
    connect_timeout=2,
    read_timeout=5,
    max_pool_connections=20,
)


@dataclass(frozen=True, slots=True)
class Settings:
    port: int
    api_url: str
    aws_url: str
    burst_seconds: float
    token: str
    target: Target

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        aws_url = environment["AWS_ENDPOINT_URL"]
        session = boto3.session.Session(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_DEFAULT_REGION"],
        )
        target = Target(
            name="the local stack",
            sqs=session.client("sqs", endpoint_url=aws_url, config=_CONFIG),
            dynamodb=session.client("dynamodb", endpoint_url=aws_url, config=_CONFIG),
            record_queue_url=environment["RECORD_QUEUE_URL"],
            record_dead_letter_queue_url=environment["RECORD_DEAD_LETTER_QUEUE_URL"],
            record_table_name=environment["RECORD_TABLE_NAME"],
            key_schema=KeySchema.read(environment["RECORD_TABLE_KEY"]),
        )
        return cls(
            port=int(environment["CONSOLE_PORT"]),
            api_url=environment["API_URL"],
            aws_url=aws_url,
            burst_seconds=float(environment["BURST_SECONDS"]),
            token=environment["STACK_TOKEN"],
            target=target,
        )
