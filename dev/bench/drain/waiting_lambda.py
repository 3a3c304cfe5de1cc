"""`handler` for Lambda: the drain that waits, for the local stack. It takes the consumer's place there."""

import os
import random
import time

import boto3

from consumer.clients import CONFIG
from consumer.queue import DeliveryQueue
from consumer.table import TableWriter
from dev.bench.drain.waiting import WaitingClock, WaitingDrain

_clock = WaitingClock(lambda: time.time_ns() // 1_000_000, time.monotonic, time.sleep, random.random)

handler = WaitingDrain(
    TableWriter(boto3.client("dynamodb", config=CONFIG), os.environ["RECORD_TABLE_NAME"]),
    DeliveryQueue(boto3.client("sqs", config=CONFIG), os.environ["RECORD_QUEUE_URL"]),
    _clock,
    int(os.environ["CONSUMER_MAXIMUM_CONCURRENCY"]),
).handler
