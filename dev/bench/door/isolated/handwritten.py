"""What most would write by hand: no framework, one call of boto3 a record."""

import json
import os
from typing import Any

import boto3

sqs = boto3.client("sqs")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    record = json.loads(event["body"])
    answer = sqs.send_message(QueueUrl=os.environ["RECORD_QUEUE_URL"], MessageBody=json.dumps(record))
    return {"statusCode": 202, "body": json.dumps({"message_id": answer["MessageId"]})}
