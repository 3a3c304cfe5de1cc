"""The stack that a command works on: one on AWS, or the local stack on this machine."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ops.local_session import local_session
from records.key import KeySchema

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

ADDRESSES = Path(__file__).resolve().parents[1] / ".local"
"""Where a running local stack leaves its addresses, in `PORT.env`: shell assignments, one a line."""

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=20,
)


class TargetMissing(Exception):
    """There is no such stack; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    """For people."""
    sqs: "SQSClient"
    dynamodb: "DynamoDBClient"
    cloudwatch: "CloudWatchClient"
    record_queue_url: str
    record_dead_letter_queue_url: str
    record_table_name: str
    key_schema: KeySchema


def on_aws(stack_name: str) -> Target:
    """The stack with that name, with boto3's usual AWS_ variables and profiles.

    Raises `TargetMissing`, and botocore's errors.
    """
    # Lambda and the API read AWS_REGION. boto3 by itself reads only AWS_DEFAULT_REGION and the profile.
    session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))
    outputs = _outputs(session.client("cloudformation", config=_CONFIG), stack_name)
    try:
        return Target(
            name=stack_name,
            sqs=session.client("sqs", config=_CONFIG),
            dynamodb=session.client("dynamodb", config=_CONFIG),
            cloudwatch=session.client("cloudwatch", config=_CONFIG),
            record_queue_url=outputs["RecordQueueUrl"],
            record_dead_letter_queue_url=outputs["RecordDeadLetterQueueUrl"],
            record_table_name=outputs["RecordTableName"],
            key_schema=KeySchema.read(outputs["RecordTableKey"]),
        )
    except KeyError as error:
        raise TargetMissing(
            f"the stack {stack_name} is not one of Forebay's: it has no output {error.args[0]}"
        ) from error


def on_this_machine(port: int) -> Target:
    """The local stack whose API is on that port. Raises `TargetMissing`."""
    try:
        lines = (ADDRESSES / f"{port}.env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise TargetMissing(
            f"no local stack runs on port {port}: start it with make run, or name its port with --local=PORT"
        ) from error
    addresses = dict(line.split("=", 1) for line in lines)
    session = local_session(addresses)
    url = addresses["AWS_ENDPOINT_URL"]
    return Target(
        name=f"the local stack on port {port}",
        sqs=session.client("sqs", endpoint_url=url, config=_CONFIG),
        dynamodb=session.client("dynamodb", endpoint_url=url, config=_CONFIG),
        cloudwatch=session.client("cloudwatch", endpoint_url=url, config=_CONFIG),
        record_queue_url=addresses["RECORD_QUEUE_URL"],
        record_dead_letter_queue_url=addresses["RECORD_DEAD_LETTER_QUEUE_URL"],
        record_table_name=addresses["RECORD_TABLE_NAME"],
        key_schema=KeySchema.read(addresses.get("RECORD_TABLE_KEY", "id:S")),
    )


def _outputs(cloudformation: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    try:
        (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        # CloudFormation has no error code for a missing stack.
        if "does not exist" in error.response["Error"].get("Message", ""):
            raise TargetMissing(
                f"no stack {stack_name} in {cloudformation.meta.region_name}: name yours with --stack, or its region "
                "with AWS_REGION; a local one is --local"
            ) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
