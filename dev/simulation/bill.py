"""What a simulated drain costs: Lambda's invocations and time, and SQS's requests. Pure; the prices are those of `ops`.

What the producers send is not in it, and nor is the table.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

from ops.draining import SQS_METER_BYTES
from ops.prices import PRICES
from ops.workload import MEMORY_MB

OVERHEAD_SECONDS = 0.025
"""Lambda's runtime around the handler: the event is parsed, the answer and the logs are written."""
INIT_SECONDS = 0.3
"""A cold start. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: it is billed."""
_CORE_MB = 1769
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
_MILLION = 1_000_000


def cores(memory_mb: int) -> float:
    """The share of a core that a Python process gets, which uses one at most."""
    return min(1.0, memory_mb / _CORE_MB)


@dataclass(slots=True)
class SimulatedBill:
    invocations: int = 0
    cold_starts: int = 0
    billed_ms: int = 0
    sqs_requests: Counter[str] = field(default_factory=Counter)
    """As metered, by operation; `EmptyReceive` are receives without a message."""
    idle_receives: float = 0.0
    """Empty long polls of idle pollers. Their number follows from time, so that it has a fraction."""

    def add_invocation(self, seconds: float, *, cold: bool) -> None:
        """`seconds`: the handler's own."""
        self.invocations += 1
        self.cold_starts += cold
        billed = seconds + OVERHEAD_SECONDS + (INIT_SECONDS if cold else 0.0)
        self.billed_ms += math.ceil(round(billed * 1000, 6))

    def add_request(self, operation: str, size: int = 0) -> None:
        """`size`: bytes of the messages in the request or its answer."""
        self.sqs_requests[operation] += max(1, -(-size // SQS_METER_BYTES))

    @property
    def requests(self) -> float:
        """All of SQS's, as metered."""
        return self.sqs_requests.total() + self.idle_receives

    def dollars(self, memory_mb: int = MEMORY_MB) -> float:
        gb_seconds = self.billed_ms / 1000 * memory_mb / 1024
        return (
            PRICES["lambda_request"].of(self.invocations)
            + PRICES["lambda_gb_second"].of(gb_seconds)
            + PRICES["sqs_request"].of(self.requests)
        )

    def dollars_per_million(self, records: int, memory_mb: int = MEMORY_MB) -> float:
        """For a million records, when this was the bill of so many."""
        return self.dollars(memory_mb) * _MILLION / records
