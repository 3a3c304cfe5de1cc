"""The alternatives as real Lambda functions, for the local stack. Deployed as one file; imports nothing of Forebay.

`BASELINE_RETRIES` is `original` (one attempt) or `adaptive` (botocore's own mode).
"""

import json
import os
from decimal import Decimal
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_RETRIES: dict[str, Any] = {
    "original": {"total_max_attempts": 1},
    "adaptive": {"mode": "adaptive", "total_max_attempts": 10},
}
_table = boto3.resource("dynamodb", config=Config(retries=_RETRIES[os.environ["BASELINE_RETRIES"]])).Table(
    os.environ["RECORD_TABLE_NAME"]
)


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    records = event["Records"]
    for position, record in enumerate(records):
        try:
            _table.put_item(Item=json.loads(record["body"], parse_float=Decimal))
        except ClientError:
            return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records[position:]]}
    return {"batchItemFailures": []}
