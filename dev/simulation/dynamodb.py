"""A simulated table of limited capacity, and the calls of a DynamoDB client that the consumer makes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from dev.local.capacity import WriteCapacity
from dev.simulation.clock import VirtualClock
from dev.simulation.faults import Chance, Crashed, error
from records.item import RESERVED_BYTES, RESERVED_NAME, AttributeValue, from_attribute_value, value_bytes, write_units
from records.json_text import text_bytes

PUT_SECONDS = 0.005
"""A put's wait for DynamoDB."""
PUT_CPU_SECONDS = 0.00065
"""A put's time on a whole core, the record's reading included."""
_ASK_SECONDS = 0.01
_TIMEOUT_SECONDS = 2.0
_THROTTLES = ("ThrottlingException", "RequestLimitExceeded", "ProvisionedThroughputExceededException")


@dataclass(slots=True)
class SimulatedTable:
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    puts: int = 0
    charged: int = 0
    """Writes that used capacity: the puts, and those that a newer version was in the way of."""
    units: float = 0.0
    throttles: int = 0
    last_put: float = 0.0
    mark: int = 0
    """How many items to take the time at."""
    marked_at: float = 0.0
    on_put: Callable[[dict[str, Any]], None] = lambda _: None
    """Called with each item that is put."""


class DynamoDbClient:
    """Capacity is charged as the local stack's limiter does."""

    def __init__(
        self,
        table: SimulatedTable,
        capacity: WriteCapacity,
        chance: Chance,
        clock: VirtualClock,
        *,
        put_seconds: float = PUT_SECONDS,
        put_cpu_seconds: float = PUT_CPU_SECONDS,
    ) -> None:
        self._table = table
        self._put_seconds = put_seconds
        self._put_cpu_seconds = put_cpu_seconds
        self._capacity = capacity
        self._chance = chance
        self._clock = clock
        faults = chance.faults
        self._hot = WriteCapacity(faults.hot_key_units_per_second, 0, clock.monotonic) if faults.hot_key else None

    def describe_table(self, **_request: Any) -> dict[str, Any]:  # noqa: ANN401 - as the client takes them
        self._ask("DescribeTable")
        return {"Table": {"ProvisionedThroughput": {"WriteCapacityUnits": self._capacity.units_per_second}}}

    def get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._ask("GetItem")
        item = self._table.items.get(request["Key"]["id"]["S"])
        return {"Item": item} if item else {}

    def _ask(self, operation: str) -> None:
        self._clock.sleep(_ASK_SECONDS)
        if self._chance.holds("missing", self._clock.now):
            raise error("ResourceNotFoundException", operation)

    def put_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._chance.maybe_crash()
        self._clock.compute(self._put_cpu_seconds, wait=self._put_seconds)
        chance = self._chance
        key = request["Item"]["id"]["S"]
        if key.startswith("crashes"):
            raise Crashed
        if key.startswith("refused") and self._clock.now < chance.faults.refused_until:
            chance.note("refused_until")
            raise error("ValidationException", "PutItem")
        if self._chance.holds("misconfigured", self._clock.now):
            raise error("AccessDeniedException", "PutItem")
        if self._chance.holds("missing", self._clock.now):
            raise error("ResourceNotFoundException", "PutItem")
        if chance.happens("server_error"):
            raise error("InternalServerError", "PutItem")
        if chance.happens("timeout"):
            if chance.random.random() < 0.5:  # noqa: PLR2004 - half of them
                self._put(request)
            self._clock.sleep(_TIMEOUT_SECONDS)
            raise ReadTimeoutError(endpoint_url="https://simulated")
        answer = self._put(request)
        chance.maybe_crash()
        return answer

    def _put(self, request: dict[str, Any]) -> dict[str, Any]:
        item = request["Item"]
        key = item["id"]["S"]
        if self._hot and key == self._chance.faults.hot_key:
            if not self._hot.admits():
                self._chance.note("hot_key")
                raise self._throttle("TableWriteKeyRangeThroughputExceeded")
        elif self._chance.holds("throttled", self._clock.now):
            raise self._throttle("TableWriteProvisionedThroughputExceeded")
        if self._chance.holds("index_throttled", self._clock.now):
            raise self._throttle("IndexWriteProvisionedThroughputExceeded")
        if not self._capacity.admits():
            raise self._throttle("TableWriteProvisionedThroughputExceeded")
        units = write_units(_bytes(item))
        self._capacity.charge(units)
        if self._hot and key == self._chance.faults.hot_key:
            self._hot.charge(units)
        self._table.units += units
        self._table.charged += 1
        there = self._table.items.get(key)
        if "ConditionExpression" in request and there and _version(there) >= _version(item):
            raise error("ConditionalCheckFailedException", "PutItem")
        self._table.items[key] = item
        self._table.puts += 1
        self._table.last_put = self._clock.now
        self._table.on_put(item)
        if len(self._table.items) == self._table.mark and not self._table.marked_at:
            self._table.marked_at = self._clock.now
        return {"ConsumedCapacity": {"CapacityUnits": units, "Table": {"CapacityUnits": units}}}

    def _throttle(self, reason: str) -> Exception:
        self._table.throttles += 1
        if self._chance.happens("unreasoned"):
            return error(self._chance.random.choice(_THROTTLES), "PutItem")
        reasons = [{"reason": reason, "resource": "table"}]
        return error("ProvisionedThroughputExceededException", "PutItem", ThrottlingReasons=reasons)


def _version(item: dict[str, Any]) -> str:
    version: str = item["_forebay"]["M"]["version"]["S"]
    return version


def _bytes(item: dict[str, Any]) -> int:
    """Every value of `_forebay` has a fixed length."""
    return sum(
        RESERVED_BYTES if name == RESERVED_NAME else text_bytes(name) + _value_bytes(value)
        for name, value in item.items()
    )


def _value_bytes(value: AttributeValue) -> int:
    return text_bytes(value["S"]) if "S" in value else value_bytes(from_attribute_value(value))
