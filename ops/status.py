"""The buffer's status: the depths of both queues, the table's capacity, and the time until the buffer is empty."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.depth import depth_of
from ops.target import Target
from records.item import write_units
from telemetry.queue_depth import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef


@dataclass(frozen=True, slots=True)
class Status:
    records: QueueDepth
    """The record queue."""
    dead_letters: QueueDepth
    write_capacity_units: int | None
    """Write units a second that the table is provisioned for; None when it is on-demand."""
    write_units_per_record: float
    """The assumed cost of a record."""

    @property
    def seconds_to_empty(self) -> float | None:
        """An estimate, if no more records arrive and nobody else writes to the table; None for an on-demand table."""
        if self.write_capacity_units is None:
            return None
        return self.records.total * self.write_units_per_record / self.write_capacity_units


def status_of(target: Target, write_units_per_record: float | None = None) -> Status:
    """Without `write_units_per_record`, records are assumed to be as large as the items in the table are on average.

    Raises botocore's errors.
    """
    table = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"]
    return Status(
        records=depth_of(target.sqs, target.record_queue_url),
        dead_letters=depth_of(target.sqs, target.record_dead_letter_queue_url),
        write_capacity_units=table.get("ProvisionedThroughput", {}).get("WriteCapacityUnits") or None,
        write_units_per_record=write_units_per_record or _average(table),
    )


def _average(table: "TableDescriptionTypeDef") -> float:
    """From the table's own statistics, which DynamoDB updates about every six hours; 1 for an empty table."""
    items = table.get("ItemCount", 0)
    return float(write_units(-(-table.get("TableSizeBytes", 0) // items))) if items else 1.0
