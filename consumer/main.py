"""The composition root: `handler` for Lambda."""

import logging
import os
import time

import boto3
from botocore.config import Config

from consumer.dead_letters import DeadLetters
from consumer.drain import Drain
from consumer.handler import create_handler
from consumer.settings import Settings
from consumer.table import RecordTable
from records.key import KeySchema

# Lambda has set up the root logger already, and this does nothing there.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

settings = Settings.from_environment(os.environ)

# One attempt a call: the drain owns the retries. The timeouts fit into drain.STOP_MS.
config = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=2)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


handler = create_handler(
    Drain(
        table=RecordTable(boto3.client("dynamodb", config=config), settings.record_table_name),
        dead_letters=DeadLetters(boto3.client("sqs", config=config), settings.record_dead_letter_queue_url, _now_ms),
        key_schema=KeySchema(),
        now_ms=_now_ms,
    )
)
