"""boto3's clients, for reads. Made when first needed: importing boto3 alone takes longer than a request."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def sqs(attempts: int) -> "SQSClient":
    from boto3 import Session  # noqa: PLC0415 - as the module says

    return Session().client("sqs", config=_config(attempts))


def dynamodb() -> "DynamoDBClient":
    from boto3 import Session  # noqa: PLC0415 - as the module says

    return Session().client("dynamodb", config=_config(attempts=2))


def _config(attempts: int) -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - as the module says

    return Config(retries={"total_max_attempts": attempts}, connect_timeout=1, read_timeout=2)
