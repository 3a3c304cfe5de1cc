"""Where the buffer stands: the depths of both queues, what the table takes, and so how long it will be busy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.depth import Depth, depth_of
from ops.target import Target
from records.item import write_units

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef


@dataclass(frozen=True, slots=True)
class Status:
    records: Depth
    """Messages of the queue of records."""
    dead_letters: Depth
    write_capacity_units: int | None
    """Write units a second that the table is provisioned for; None when it is on-demand."""
    write_units_per_record: float
    """What a record is taken to cost."""

    @property
    def seconds_to_empty(self) -> float | None:
        """An estimate, if nothing more comes and the table is used by nobody else; None for an on-demand table."""
        if self.write_capacity_units is None:
            return None
        return self.records.all * self.write_units_per_record / self.write_capacity_units


def status_of(target: Target, write_units_per_record: float | None = None) -> Status:
    """Without `write_units_per_record`, records are taken to be as large as what the table holds.

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
    """By the table's own statistics, which DynamoDB renews every six hours or so; of an empty table, 1."""
    items = table.get("ItemCount", 0)
    return float(write_units(-(-table.get("TableSizeBytes", 0) // items))) if items else 1.0
