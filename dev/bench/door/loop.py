"""`python -m dev.bench.door.loop SECONDS`: send_message_batch over ready-made entries; prints records a second."""

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

RECORD = {"temperature": 21.5, "humidity": 40, "active": True, "tags": ["a", "b"], "content": "x" * 940}
_BATCH = 10
_WARM_UP = 50


def main() -> None:
    sqs, url = boto3.client("sqs"), os.environ["RECORD_QUEUE_URL"]
    body = json.dumps(RECORD)
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(number), "MessageBody": body} for number in range(_BATCH)
    ]
    for _ in range(_WARM_UP):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    began, calls = time.perf_counter(), 0
    while (seconds := time.perf_counter() - began) < float(sys.argv[1]):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
        calls += 1
    print(calls * _BATCH / seconds)


if __name__ == "__main__":
    main()
