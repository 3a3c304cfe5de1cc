"""What the page can send: the original pattern's burst, records of a chosen rate and size, poison messages. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

RATE_MAX = 500
BYTES_MIN, BYTES_MAX = 64, 65_536
SECONDS_MAX = 120
BYTES_PER_SECOND_MAX = 4 * 1024 * 1024

BURST_RECORDS = 50
_BURST_IDS = 10
_BURST_BYTES = 4096

POISON = (
    "not JSON at all",
    '{"id": "poison-1", "n": 1e400}',
    '{"id": "", "message": "an empty id"}',
    '["no", "object"]',
)
"""Message bodies that can never be stored. The API refuses such records, so they are sent straight to the queue."""


class LoadInvalid(ValueError):
    """The message names the field and its bounds."""


@dataclass(frozen=True, slots=True)
class GeneratedLoad:
    """Raises `LoadInvalid`."""

    rate: int
    """Records a second."""
    record_bytes: int
    seconds: int

    def __post_init__(self) -> None:
        bounds = (
            ("Rate", self.rate, 1, RATE_MAX, "records a second"),
            ("Size", self.record_bytes, BYTES_MIN, BYTES_MAX, "bytes"),
            ("Length", self.seconds, 1, SECONDS_MAX, "seconds"),
        )
        for name, number, least, most, unit in bounds:
            if not least <= number <= most:
                raise LoadInvalid(f"{name}: {least:,} to {most:,} {unit}")
        if self.rate * self.record_bytes > BYTES_PER_SECOND_MAX:
            raise LoadInvalid("Rate times size: at most 4 MB a second")

    @property
    def records(self) -> int:
        return self.rate * self.seconds

    def requests(self, name: str) -> Iterator[list[str]]:
        """What is sent in each second: records as JSON texts, with ids that begin with `name` and are all different."""
        for second in range(self.seconds):
            first = second * self.rate
            yield [record(f"{name}-{n}", self.record_bytes) for n in range(first, first + self.rate)]


def burst() -> list[list[str]]:
    """Fifty records of 4 KB, in requests of ten; each request has the ids 1 to 10."""
    request = [record(f"{n}", _BURST_BYTES) for n in range(1, _BURST_IDS + 1)]
    return [request] * (BURST_RECORDS // _BURST_IDS)


def record(record_id: str, size: int) -> str:
    """JSON text of `size` bytes, or a few more where the id alone needs them."""
    empty = json.dumps({"id": record_id, "message": ""}, separators=(",", ":"))
    padding = "x" * (size - len(empty))
    return json.dumps({"id": record_id, "message": padding}, separators=(",", ":"))
