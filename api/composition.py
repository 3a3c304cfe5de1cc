"""The composition root: makes the API's clients and passes them to its components. No I/O."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.ingest.endpoint import AcceptRecords
from api.outbound.credentials import credential_source
from api.outbound.group_commit import QueueSender
from api.outbound.http import ConnectionPool
from api.outbound.sqs import BatchSender
from api.reads import clients
from api.reads.backlog import WriteUnits
from api.reads.calls import Calls
from api.reads.depth import QueueDepthReader
from api.reads.table import TableReader
from api.settings import ApiSettings
from records.version import Versions


@dataclass(frozen=True, slots=True)
class ApiComponents:
    """What the routes work with."""

    accept_records: AcceptRecords
    write_units: WriteUnits
    queue_depth: QueueDepthReader
    dead_letter_queue_depth: QueueDepthReader
    table: TableReader


def compose(
    settings: ApiSettings, environment: Mapping[str, str], count: Callable[[str, float], None] = lambda *_: None
) -> ApiComponents:
    """`count` takes metrics, by the names of `telemetry.metrics`. The environment is the process's own: credentials may
    be in it, and Lambda puts the trace header of each invocation there.
    """
    key_schema, write_units = settings.record_table_key, WriteUnits()
    pool = ConnectionPool(settings.sqs_origin, time.time, settings.ca_bundle)
    sender = BatchSender(pool, settings.aws_region, credential_source(environment, time.time))
    queue = QueueSender(sender, settings.record_queue_url, trace=lambda: environment.get("_X_AMZN_TRACE_ID"))
    versions = Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits)
    depths = Calls(clients.sqs)
    return ApiComponents(
        accept_records=AcceptRecords(queue, versions, key_schema, write_units, count),
        write_units=write_units,
        queue_depth=QueueDepthReader(settings.record_queue_url, depths),
        dead_letter_queue_depth=QueueDepthReader(settings.record_dead_letter_queue_url, depths),
        table=TableReader(settings.record_table_name, key_schema, Calls(clients.dynamodb)),
    )
