"""The composition root: `handler` for Lambda."""

import logging
import os
import random
import sys
import time

import boto3

from consumer.clients import CONFIG
from consumer.clock import Clock
from consumer.dead_letters import DeadLetterSender
from consumer.drain import DrainDependencies
from consumer.handler import create_handler
from consumer.pace import Pace
from consumer.paced_table import PacedTable
from consumer.queue import DeliveryQueue
from consumer.settings import ConsumerSettings
from consumer.table import TableWriter
from telemetry.metrics import Metrics

# Lambda has set up the root logger already, and this does nothing there.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
for library in ("boto3", "botocore"):
    logging.getLogger(library).setLevel(logging.WARNING)

settings = ConsumerSettings.from_environment(os.environ)

sqs = boto3.client("sqs", config=CONFIG)
clock = Clock(
    now_ms=lambda: time.time_ns() // 1_000_000,
    monotonic=time.monotonic,
    sleep=time.sleep,
    random=random.random,
)
metrics = Metrics(settings.record_table_name, clock.now_ms, sys.stdout.write)

handler = create_handler(
    DrainDependencies(
        table=PacedTable(
            TableWriter(boto3.client("dynamodb", config=CONFIG), settings.record_table_name),
            Pace(settings.consumer_maximum_concurrency, clock.random),
            clock,
            metrics.count,
        ),
        queue=DeliveryQueue(sqs, settings.record_queue_url),
        dead_letters=DeadLetterSender(sqs, settings.record_dead_letter_queue_url, clock.now_ms),
        key_schema=settings.record_table_key,
        clock=clock,
        count=metrics.count,
    ),
    metrics.flush,
)
