"""The composition root: `app` for uvicorn, `handler` for Lambda."""

import os
import secrets
import time

import boto3
from botocore.config import Config
from mangum import Mangum

from api import logs
from api.app import create_app
from api.calls import Calls
from api.queue import QueueDepth, RecordQueue
from api.routes import Parts
from api.settings import Settings
from api.table import RecordTable
from records.key import KeySchema
from records.version import Versions

logs.configure()
settings = Settings.from_environment(os.environ)
key_schema = KeySchema()

# One attempt a call: RecordQueue owns the retries, within the request's deadline.
sqs = boto3.client("sqs", config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=3))
dynamodb = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 2}, connect_timeout=1, read_timeout=2))
# Of one pool each, so that a service that hangs does not keep the others waiting.
sends, depths, reads = Calls(), Calls(), Calls()

app = create_app(
    Parts(
        queue=RecordQueue(sqs, settings.record_queue_url, sends),
        queue_depth=QueueDepth(sqs, settings.record_queue_url, depths),
        dead_letter_queue_depth=QueueDepth(sqs, settings.record_dead_letter_queue_url, depths),
        table=RecordTable(dynamodb, settings.record_table_name, key_schema, reads),
        versions=Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits),
        key_schema=key_schema,
    )
)
handler = Mangum(app, lifespan="off")
