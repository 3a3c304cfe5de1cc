"""When the buffer will be empty: one estimate for `GET /buffer` and `ops status`. Pure.

What a record costs is known best from the last ones, which a caller may know. Otherwise the table's average says it:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
"""

from collections.abc import Mapping
from typing import Any

from records.item import write_units


def units_per_second(described: Mapping[str, Any]) -> float | None:
    """The write units a second of a table or an index, as DescribeTable describes it: provisioned, or the maximum of an
    on-demand table. None where there is no limit.
    """
    provisioned = described.get("ProvisionedThroughput", {}).get("WriteCapacityUnits") or 0
    maximum = described.get("OnDemandThroughput", {}).get("MaxWriteRequestUnits") or 0  # -1 is no maximum
    return float(provisioned or max(maximum, 0)) or None


def units_per_item(table: Mapping[str, Any]) -> float | None:
    """What an item of the average size costs. DynamoDB counts about every six hours; None for a table without items."""
    items = table.get("ItemCount") or 0
    return float(write_units(-(-table.get("TableSizeBytes", 0) // items))) if items else None


def seconds_to_empty(messages: int, units_per_record: float | None, rate: float | None) -> float | None:
    """If no more records arrive and nobody else writes to the table. None where cost or rate (units a second) are
    unknown.
    """
    if messages == 0:
        return 0.0
    return None if units_per_record is None or rate is None else messages * units_per_record / rate
