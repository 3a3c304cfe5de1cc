"""The composition root: `handler` for Lambda."""

import logging
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3

from consumer.backlog import Backlog
from consumer.clients import CONFIG
from consumer.clock import Clock
from consumer.dead_letters import DeadLetterSender
from consumer.deferral import Deferral
from consumer.drain import DrainDependencies
from consumer.handler import create_handler
from consumer.puts import PUTS_IN_FLIGHT_MAX, Puts
from consumer.queue import DeliveryQueue
from consumer.schedule import Schedule
from consumer.settings import ConsumerSettings
from consumer.table import TableWriter
from telemetry.metrics import Metrics

# Lambda has set up the root logger already, and this does nothing there.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
for library in ("boto3", "botocore"):
    logging.getLogger(library).setLevel(logging.WARNING)

settings = ConsumerSettings.from_environment(os.environ)

sqs = boto3.client("sqs", config=CONFIG)
clock = Clock(now_ms=lambda: time.time_ns() // 1_000_000, random=random.random)
metrics = Metrics(settings.record_table_name, clock.now_ms, sys.stdout.write)
queue = DeliveryQueue(sqs, settings.record_queue_url)
table = TableWriter(boto3.client("dynamodb", config=CONFIG), settings.record_table_name)

backlog = Backlog(queue, table, time.time, settings.consumer_maximum_concurrency)
threads = ThreadPoolExecutor(PUTS_IN_FLIGHT_MAX)

handler = create_handler(
    DrainDependencies(
        puts=Puts(table, backlog, clock, threads.map, metrics.count, metrics.measure),
        deferral=Deferral(backlog, Schedule(clock.random), clock),
        queue=queue,
        dead_letters=DeadLetterSender(sqs, settings.record_dead_letter_queue_url, clock.now_ms),
        key_schema=settings.record_table_key,
        clock=clock,
        count=metrics.count,
    ),
    metrics.flush,
)
