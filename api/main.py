"""The composition root: `app` for uvicorn, `handler` for Lambda."""

import gc
import os
import secrets
import time
from datetime import UTC, datetime

from mangum import Mangum

from api import clients, logs
from api.app import create_app
from api.calls import Calls
from api.credentials import credentials
from api.depth import QueueDepth
from api.queue import RecordQueue
from api.routes import Parts
from api.settings import Settings
from api.sqs import Sqs
from api.table import RecordTable
from api.wire import Wire
from records.key import KeySchema
from records.version import Versions

logs.configure()
settings = Settings.from_environment(os.environ)
key_schema = KeySchema()

wire = Wire(settings.sqs_origin, settings.ca_bundle)
sqs = Sqs(wire, settings.aws_region, credentials(os.environ), lambda: datetime.now(UTC))
depths, reads = Calls(clients.sqs), Calls(clients.dynamodb)

app = create_app(
    Parts(
        queue=RecordQueue(sqs, settings.record_queue_url),
        queue_depth=QueueDepth(settings.record_queue_url, depths),
        dead_letter_queue_depth=QueueDepth(settings.record_dead_letter_queue_url, depths),
        table=RecordTable(settings.record_table_name, key_schema, reads),
        versions=Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits),
        key_schema=key_schema,
    )
)
handler = Mangum(app, lifespan="off")
gc.collect()
gc.freeze()  # what is made up to here stays, and need not be looked through again and again
