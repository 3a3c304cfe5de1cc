"""The drains that are compared, each as a handler for the simulated function.

The queue's settings belong to the policy: a message that is reported as failed is redelivered after the visibility
timeout, unless the function has changed it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import CapacityNotAvailableError, ClientError
from botocore.retries.adaptive import ClientRateLimiter, RateClocker
from botocore.retries.bucket import Clock, TokenBucket
from botocore.retries.throttling import CubicCalculator

from consumer.queue import DeliveryQueue
from consumer.table import TableWriter
from dev.bench.drain.waiting import WaitingClock, WaitingDrain
from dev.simulation.environments import Handler
from dev.simulation.world import FUNCTION_SECONDS, RECEIVES_MAX, VISIBILITY_SECONDS, Setting, World, forebay
from records.json_text import parse

_ADAPTIVE_ATTEMPTS_MAX = 10
_BACKOFF_SECONDS_MAX = 20.0  # botocore.retries.standard.ExponentialBackoff


@dataclass(frozen=True, slots=True)
class Policy:
    """Batches of ten without a window are what the former consumer and the original pattern have."""

    name: str
    environment: Callable[[World], Handler]
    batch_size: int = 10
    window_seconds: float = 0.0
    function_seconds: float = FUNCTION_SECONDS
    visibility_seconds: float = VISIBILITY_SECONDS
    receives_max: int = RECEIVES_MAX


def original(world: World) -> Handler:
    """The AWS sample's: one PutItem after the other, no retries; at the first error the rest of the batch goes back."""
    return _sequential(lambda item: world.dynamodb.put_item(Item=item))


def adaptive(world: World) -> Handler:
    """The same with botocore's own `adaptive` retry mode, its parts running on virtual time."""
    bucket, limiter = _limiter(world)

    def put(item: dict[str, Any]) -> None:
        for attempt in range(_ADAPTIVE_ATTEMPTS_MAX):
            if limiter._enabled:  # type: ignore[attr-defined] # noqa: SLF001 - what the limiter's own hook looks at before it blocks
                _acquire(world, bucket)
            try:
                world.dynamodb.put_item(Item=item)
            except ClientError:
                limiter.on_receiving_response(throttled=True)
                if attempt == _ADAPTIVE_ATTEMPTS_MAX - 1:
                    raise
                world.clock.sleep(world.random.random() * min(2.0**attempt, _BACKOFF_SECONDS_MAX))
            else:
                limiter.on_receiving_response(throttled=False)
                return

    return _sequential(put)


def waiting(world: World) -> Handler:
    """Forebay's former drain, whose workers sleep until their turn."""
    clock = WaitingClock(world.clock.now_ms, world.clock.monotonic, world.clock.sleep, world.random.random)
    table = TableWriter(cast("Any", world.dynamodb), "records")
    queue = DeliveryQueue(cast("Any", world.sqs), "records")
    return WaitingDrain(table, queue, clock, world.setting.workers).handler


FOREBAY = Policy("forebay", forebay, Setting().batch_size, Setting().window_seconds)
POLICIES = [
    FOREBAY,
    Policy("waiting", waiting),
    Policy("adaptive", adaptive),
    Policy("original", original, function_seconds=10, visibility_seconds=20, receives_max=20),
]


def _limiter(world: World) -> tuple[TokenBucket, ClientRateLimiter]:
    clock = _VirtualClock(world)
    bucket = TokenBucket(max_rate=1, clock=clock)
    limiter = ClientRateLimiter(
        rate_adjustor=CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
        rate_clocker=RateClocker(clock),
        token_bucket=bucket,
        throttling_detector=_Told(),
        clock=clock,
    )
    return bucket, limiter


def _acquire(world: World, bucket: TokenBucket) -> None:
    while True:
        try:
            bucket.acquire(block=False)
        except CapacityNotAvailableError:
            world.clock.sleep(bucket._sleep_amount(1) + 1e-6)  # type: ignore[attr-defined] # noqa: SLF001 - how long its own blocking call waits
        else:
            return


class _VirtualClock(Clock):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def current_time(self) -> float:
        return self._world.clock.now


class _Told:
    """Stands for botocore's detector, which looks at a response that is not there here."""

    def is_throttling_error(self, *, throttled: bool) -> bool:
        return throttled


def _sequential(put: Callable[[dict[str, Any]], object]) -> Handler:
    def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
        records = event["Records"]
        for position, record in enumerate(records):
            try:
                put(_item(record))
            except ClientError:
                return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records[position:]]}
        return {"batchItemFailures": []}

    return handler


def _item(record: dict[str, Any]) -> dict[str, Any]:
    """The record's text fields, and what Forebay adds to them, so that all write the same units."""
    fields = cast("dict[str, str]", parse(record["body"].encode()))
    version = record["messageAttributes"]["version"]["stringValue"]
    reserved = {"version": version, "accepted": "x" * 24, "sqs": "x" * 24, "ddb": "x" * 24}
    item: dict[str, Any] = {name: {"S": text} for name, text in fields.items()}
    return {**item, "_forebay": {"M": {name: {"S": text} for name, text in reserved.items()}}}
