"""What the API takes from its machine: clocks, chance, threads, and clients of AWS. The simulation has its own."""

import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.outbound.http import has_unread_bytes
from api.reads import clients

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def _threads(number: int, name: str) -> Executor:
    return ThreadPoolExecutor(number, thread_name_prefix=name)


@dataclass(frozen=True, slots=True)
class Host:
    """The real machine, unless something else is passed in."""

    now: Callable[[], float] = time.time
    """Wall time, in Unix seconds: it goes on while the process is frozen, and may be set back."""
    monotonic_ns: Callable[[], int] = time.monotonic_ns
    random: Callable[[], float] = random.random
    """From 0 to 1, for jitter."""
    random_bits: Callable[[int], int] = secrets.randbits
    threads: Callable[[int, str], Executor] = _threads
    """So many threads, under a name, for what must not block the event loop."""
    has_unread_bytes: Callable[[Any], bool] = has_unread_bytes
    """Whether bytes wait in a socket."""
    sqs: "Callable[[int], SQSClient]" = clients.sqs
    """A client that makes at most so many attempts a call."""
    dynamodb: "Callable[[], DynamoDBClient]" = clients.dynamodb

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def monotonic(self) -> float:
        """In seconds."""
        return self.monotonic_ns() / 1e9


REAL = Host()
