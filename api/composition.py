"""The composition root: makes the API's clients and passes them to its components. No I/O."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.host import REAL, Host
from api.ingest.backlog_limit import BacklogLimit
from api.ingest.body import BODIES_BYTES_MAX
from api.ingest.endpoint import AcceptRecords, IngestDependencies
from api.ingest.lane import Lane
from api.memory_budget import MemoryBudget
from api.outbound.credentials import credential_source
from api.outbound.group_commit import UNCONFIRMED_BYTES_MAX, UNCONFIRMED_LETTERS_BYTES_MAX, QueueSender
from api.outbound.http import ConnectionPool
from api.outbound.sqs import BatchSender
from api.reads.backlog import WriteUnits, estimate_drain
from api.reads.calls import CALLS_AT_ONCE, Calls
from api.reads.depth import QueueDepthReader
from api.reads.table import TableReader
from api.settings import ApiSettings
from records.version import Versions


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """Bytes, of all requests together. More is refused at once."""

    bodies: int = BODIES_BYTES_MAX
    messages: int = UNCONFIRMED_BYTES_MAX
    letters: int = UNCONFIRMED_LETTERS_BYTES_MAX


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
    host: Host = REAL,
    memory: MemoryLimits = MemoryLimits(),
) -> ApiComponents:
    """`count` takes metrics, by the names of `telemetry.metrics`. The environment is the process's own: credentials may
    be in it, and Lambda puts the trace header of each invocation there.
    """
    key_schema, write_units = settings.record_table_key, WriteUnits()
    pool = ConnectionPool(settings.sqs_origin, host.now, settings.ca_bundle, has_unread=host.has_unread_bytes)
    credentials = credential_source(environment, host.now, host.threads)
    sender = BatchSender(pool, settings.aws_region, credentials)

    def queue_sender(url: str, bytes_max: int) -> QueueSender:
        budget = MemoryBudget(bytes_max, host.monotonic_ns)
        return QueueSender(sender, url, budget, trace=lambda: environment.get("_X_AMZN_TRACE_ID"))

    depths = Calls(lambda: host.sqs(2), host.threads(CALLS_AT_ONCE, "sqs-reads"))
    reads = Calls(host.dynamodb, host.threads(CALLS_AT_ONCE, "table-reads"))
    table = TableReader(settings.record_table_name, key_schema, reads)
    if settings.backlog_hours_max:
        reads.prepare()  # now, because the first request would have to share the processor with it
    ingest = IngestDependencies(
        queue=queue_sender(settings.record_queue_url, memory.messages),
        dead_letter_queue=queue_sender(settings.record_dead_letter_queue_url, memory.letters),
        small=Lane(host.threads(1, "parse-small"), host.monotonic),
        large=Lane(host.threads(1, "parse-large"), host.monotonic),
        bodies=MemoryBudget(memory.bodies, host.monotonic_ns),
        versions=Versions(host.now_ms, host.random_bits),
        key_schema=key_schema,
        write_units=write_units,
        backlog_limit=_backlog_limit(settings, table, write_units, host, may_freeze=is_frozen_between_requests),
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
    settings: ApiSettings, table: TableReader, write_units: WriteUnits, host: Host, *, may_freeze: bool
) -> BacklogLimit:
    """With a client of its own, which asks SQS once for each look."""
    calls = Calls(lambda: host.sqs(1), host.threads(CALLS_AT_ONCE, "sqs-looks"))
    queue_depth = QueueDepthReader(settings.record_queue_url, calls)
    if settings.backlog_hours_max:
        calls.prepare()  # as above

    async def seconds_to_empty() -> float | None:
        depth, description = await asyncio.gather(queue_depth.read(), table.describe())
        return estimate_drain(depth.total, description, write_units.per_record).seconds

    return BacklogLimit(settings.backlog_hours_max, seconds_to_empty, host.now, may_freeze=may_freeze)
