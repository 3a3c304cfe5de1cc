"""The buffer's status: both queues, the table's capacity, when the buffer will be empty, and how fresh the table is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ops.depth import depth_of
from ops.recent_puts import RecentPuts, recent_puts
from ops.target import Target
from telemetry import time_to_empty
from telemetry.queue_depth import QueueDepth


@dataclass(frozen=True, slots=True)
class Status:
    records: QueueDepth
    """The record queue."""
    dead_letters: QueueDepth
    units_per_second: float | None
    """The table's write units: provisioned, or the maximum of an on-demand table. None where there is no limit."""
    units_per_record: float | None
    """What a record costs: given, or of recent puts, or of the items in the table. None if nothing of it is known."""
    recent: RecentPuts

    @property
    def seconds_to_empty(self) -> float | None:
        return time_to_empty.seconds_to_empty(self.records.total, self.units_per_record, self.units_per_second)


def status_of(target: Target, units_per_record: float | None = None) -> Status:
    """Raises botocore's errors."""
    table = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"]
    recent = recent_puts(target.cloudwatch, target.record_table_name, datetime.now(UTC))
    return Status(
        records=depth_of(target.sqs, target.record_queue_url),
        dead_letters=depth_of(target.sqs, target.record_dead_letter_queue_url),
        units_per_second=time_to_empty.units_per_second(table),
        units_per_record=units_per_record or recent.units_per_record or time_to_empty.units_per_item(table),
        recent=recent,
    )
