"""What goes wrong in a simulated world, and how often. All of it from one seed."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

_Faults = TypeVar("_Faults")


class Crashed(BaseException):
    """The function's process dies. No handler of errors sees it."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `begins` until `ends`, in seconds."""

    begins: float
    ends: float

    def holds(self, now: float) -> bool:
        return self.begins <= now < self.ends


@dataclass(slots=True)
class SimulatedFaults:
    """Shares are of calls, from 0 to 1."""

    crash: float = 0.0
    """The function dies before or after any call."""
    server_error: float = 0.0
    timeout: float = 0.0
    """DynamoDB does not answer; half of these puts were carried out."""
    dead_letter_fails: float = 0.0
    queue_call_fails: float = 0.0
    """A change of visibility, a re-enqueued message, a deletion, a count of messages."""
    queue_call_slow: float = 0.0
    """Any call of SQS by the consumer is answered just within its time limit."""
    duplicate: float = 0.0
    """A message is delivered, and stays visible."""
    reorder: float = 0.0
    partial_receives: bool = False
    """A receive returns 1 to 10 messages at random, however many are visible."""
    unreasoned: float = 0.0
    """A throttle has no reasons, as one of DynamoDB's other throttling errors."""
    throttled: list[Window] = field(default_factory=list)
    """Somebody else uses all of the table's capacity."""
    misconfigured: list[Window] = field(default_factory=list)
    """The function may not put."""
    missing: list[Window] = field(default_factory=list)
    """There is no table."""
    index_throttled: list[Window] = field(default_factory=list)
    """An index of the table has no capacity left, so no put succeeds."""
    refused_until: float = math.inf
    """Until then, DynamoDB refuses records whose id begins with `refused`; an index was in their way."""
    invocations_throttled: list[Window] = field(default_factory=list)
    """The account's other functions use all of its concurrency."""
    capacity: list[tuple[float, float]] = field(default_factory=list)
    """From then on, the table is provisioned for so many units a second."""
    burst: list[tuple[float, float]] = field(default_factory=list)
    """From then on, the table keeps so many seconds of unused capacity."""
    hot_key: str | None = None
    hot_key_units_per_second: float = 0.0


def error(code: str, operation: str, **more: Any) -> ClientError:  # noqa: ANN401 - a modelled error's members
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(response, operation)


class ChanceOf(Generic[_Faults]):
    """Whether a fault happens to one call, and how often each has. Faults go by the names of their fields."""

    def __init__(self, faults: _Faults, random: Random) -> None:
        self.faults = faults
        self.random = random
        self.happened: Counter[str] = Counter()

    def happens(self, fault: str) -> bool:
        """Of a share."""
        share: float = getattr(self.faults, fault)
        return share > 0 and self.random.random() < share and self.note(fault)

    def holds(self, fault: str, now: float) -> bool:
        """Of windows."""
        return any(window.holds(now) for window in getattr(self.faults, fault)) and self.note(fault)

    def note(self, fault: str) -> bool:
        """It happens now."""
        self.happened[fault] += 1
        return True


class Chance(ChanceOf[SimulatedFaults]):
    def maybe_crash(self) -> None:
        if self.happens("crash"):
            raise Crashed

    def maybe_fail(self, fault: str, operation: str, apply: Callable[[], None]) -> None:
        """A failure of a call that may have been carried out all the same."""
        if self.happens(fault):
            if self.random.random() < 0.5:  # noqa: PLR2004 - half of them
                apply()
            if self.random.random() < 0.5:  # noqa: PLR2004 - half of them
                raise ReadTimeoutError(endpoint_url="https://simulated")
            raise error("InternalFailure", operation)
