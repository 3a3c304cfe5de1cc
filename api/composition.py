"""The composition root: makes the API's clients and passes them to its components. No I/O."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from api.ingest.backlog_limit import BacklogLimit
from api.ingest.endpoint import AcceptRecords, IngestDependencies
from api.outbound.credentials import credential_source
from api.outbound.group_commit import UNCONFIRMED_LETTERS_BYTES_MAX, QueueSender
from api.outbound.http import ConnectionPool
from api.outbound.sqs import BatchSender
from api.reads import clients
from api.reads.backlog import WriteUnits, estimate_drain
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
    settings: ApiSettings,
    environment: Mapping[str, str],
    count: Callable[[str, float], None] = lambda *_: None,
    *,
    is_frozen_between_requests: bool = False,
) -> ApiComponents:
    """`count` takes metrics, by the names of `telemetry.metrics`. The environment is the process's own: credentials may
    be in it, and Lambda puts the trace header of each invocation there.
    """
    key_schema, write_units = settings.record_table_key, WriteUnits()
    pool = ConnectionPool(settings.sqs_origin, time.time, settings.ca_bundle)
    sender = BatchSender(pool, settings.aws_region, credential_source(environment, time.time))

    def trace() -> str | None:
        return environment.get("_X_AMZN_TRACE_ID")

    depths, reads = Calls(clients.sqs), Calls(clients.dynamodb)
    table = TableReader(settings.record_table_name, key_schema, reads)
    if settings.backlog_hours_max:
        reads.prepare()  # now, because the first request would have to share the processor with it
    ingest = IngestDependencies(
        queue=QueueSender(sender, settings.record_queue_url, trace=trace),
        dead_letter_queue=QueueSender(
            sender,
            settings.record_dead_letter_queue_url,
            trace=trace,
            unconfirmed_bytes_max=UNCONFIRMED_LETTERS_BYTES_MAX,
        ),
        versions=Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits),
        key_schema=key_schema,
        write_units=write_units,
        backlog_limit=_backlog_limit(settings, table, write_units, may_freeze=is_frozen_between_requests),
        count=count,
    )
    return ApiComponents(
        accept_records=AcceptRecords(ingest),
        write_units=write_units,
        queue_depth=QueueDepthReader(settings.record_queue_url, depths),
        dead_letter_queue_depth=QueueDepthReader(settings.record_dead_letter_queue_url, depths),
        table=table,
    )


def _backlog_limit(
    settings: ApiSettings, table: TableReader, write_units: WriteUnits, *, may_freeze: bool
) -> BacklogLimit:
    """With a client of its own, which asks SQS once for each look."""
    calls = Calls(partial(clients.sqs, attempts=1))
    queue_depth = QueueDepthReader(settings.record_queue_url, calls)
    if settings.backlog_hours_max:
        calls.prepare()  # as above

    async def seconds_to_empty() -> float | None:
        depth, description = await asyncio.gather(queue_depth.read(), table.describe())
        return estimate_drain(depth.total, description, write_units.per_record).seconds

    return BacklogLimit(settings.backlog_hours_max, seconds_to_empty, time.time, may_freeze=may_freeze)
