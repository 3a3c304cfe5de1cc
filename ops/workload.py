"""A workload and the consumer that drains it, as the planner takes them. Pure."""

from dataclasses import dataclass

from records.item import RESERVED_BYTES, write_units
from records.limits import ITEM_BYTES_MAX

VERSION_BYTES = 49
"""The size of the message attribute `version` (records/message.py)."""
REQUEST_BYTES_MAX = 5_000_000
"""Lambda's limit of 6 MB is one of the whole event, in which the quotes of JSON are escaped (docs/errors.md)."""
REQUEST_RECORDS_MAX = 10_000
"""The API's limit for one request (api/ingest/parse.py)."""

RECEIVE_MAX = 10
"""Messages of one receive: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
WORKERS_MIN, WORKERS_MAX = 2, 1000
BATCH_SIZE, WINDOW_SECONDS, MEMORY_MB, READ_UNITS = 100, 1, 512, 5
"""The limits and defaults in template.yaml."""
_RATE_MAX, _PERIOD_DAYS_MAX = 100_000_000, 3660
"""Beyond any use; so no figure overflows."""
_PUT_CORE_SECONDS, _CORE_MB = 0.00065, 1769
"""A put's time on a whole core, and the memory that comes with one:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
_BETWEEN_SECONDS = 0.04
"""Between two full batches: a receive, the invocation's start, and its first put, which is alone."""


class WorkloadInvalid(ValueError):
    """An impossible workload, or one that is too much for Forebay: its text says why."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What arrives, and the table's capacity. Raises `WorkloadInvalid`."""

    rate: float
    """Records a second between bursts."""
    burst_rate: float
    """Records a second during a burst, in total."""
    burst_seconds: float
    period_seconds: float
    """From the start of one burst to the start of the next."""
    record_bytes: int
    """Bytes of a record's JSON text, which is a little longer than its item without `_forebay`."""
    write_units: int
    """The table's provisioned write units per second."""
    read_units: int = READ_UNITS
    records_per_request: int = 1

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise WorkloadInvalid(problem)

    @property
    def item_bytes(self) -> int:
        return self.record_bytes + RESERVED_BYTES

    @property
    def message_bytes(self) -> int:
        return self.record_bytes + VERSION_BYTES

    @property
    def units_per_record(self) -> int:
        return write_units(self.item_bytes)

    @property
    def average_rate(self) -> float:
        """Records a second, bursts included."""
        added_by_bursts = (self.burst_rate - self.rate) * self.burst_seconds / self.period_seconds
        return self.rate + added_by_bursts

    @property
    def table_rate(self) -> float:
        """Records a second that the table is provisioned for."""
        return self.write_units / self.units_per_record

    def _problem(self) -> str | None:
        record_bytes_max = ITEM_BYTES_MAX - RESERVED_BYTES
        problems = {
            "a rate must be 0 or more, and a burst's rate more than 0": self.rate < 0 or self.burst_rate <= 0,
            "a burst's rate must not be below the rate between bursts": self.burst_rate < self.rate,
            "a burst must last longer than 0 and end before the next begins": not (
                0 < self.burst_seconds < self.period_seconds
            ),
            f"a burst has at most {_RATE_MAX:,} records a second, and a period {_PERIOD_DAYS_MAX:,} days": (
                self.burst_rate > _RATE_MAX or self.period_seconds > _PERIOD_DAYS_MAX * 86_400
            ),
            f"a record has 1 to {record_bytes_max:,} bytes": not 1 <= self.record_bytes <= record_bytes_max,
            "a table has at least 1 write unit and 1 read unit": min(self.write_units, self.read_units) < 1,
            f"a request holds 1 to {REQUEST_RECORDS_MAX:,} records": not (
                1 <= self.records_per_request <= REQUEST_RECORDS_MAX
            ),
            f"a request on Lambda holds about {REQUEST_BYTES_MAX:,} bytes of JSON: fewer records in each": (
                self.records_per_request * self.record_bytes > REQUEST_BYTES_MAX
            ),
        }
        return next((problem for problem, exists in problems.items() if exists), None)


@dataclass(frozen=True, slots=True)
class Consumer:
    """The consumer's parameters."""

    workers: int
    batch_size: int = BATCH_SIZE
    window_seconds: int = WINDOW_SECONDS
    memory_mb: int = MEMORY_MB

    @property
    def rate_max(self) -> float:
        """Puts a second, all workers together, while the table is not the limit."""
        return self.workers * puts_per_worker(self.batch_size, self.memory_mb)


def put_seconds(memory_mb: int) -> float:
    """A put's time in a full batch: several are in flight, so that the processor is the limit."""
    return _PUT_CORE_SECONDS / min(1.0, memory_mb / _CORE_MB)


def puts_per_worker(batch_size: int, memory_mb: int) -> float:
    """Puts a second, in full batches."""
    return 1 / (put_seconds(memory_mb) + _BETWEEN_SECONDS / batch_size)
