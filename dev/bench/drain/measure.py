"""One simulated drain, and what is measured of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dev.bench.drain.policies import FOREBAY, Policy
from dev.simulation.bill import SimulatedBill, cores
from dev.simulation.dynamodb import PUT_CPU_SECONDS, PUT_SECONDS
from dev.simulation.faults import SimulatedFaults
from dev.simulation.message import SimulatedMessage
from dev.simulation.queue import RECEIVE_MAX
from dev.simulation.world import Setting, World

KILOBYTES_OF_UNITS = {1: 0.5, 5: 4.0, 101: 100.0}
_ENVELOPE_BYTES = 30  # {"id":"1234567","content":""} and a little
_ATTRIBUTE_BYTES = 50  # the version
_SECONDS_MAX = 365 * 86_400.0
NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True)
class Case:
    """`records` wait at the start, and more arrive at the times `arrivals`. The table has no credit then."""

    setting: Setting
    records: int
    units: int = 5
    """Of one record."""
    sizes: Sequence[int] = ()
    """The units of one record after the other, again and again, where they differ."""
    arrivals: Sequence[float] = ()
    faults: Callable[[], SimulatedFaults] = SimulatedFaults
    policy: Policy = FOREBAY

    def units_of(self, number: int) -> int:
        return self.sizes[number % len(self.sizes)] if self.sizes else self.units

    def content(self, number: int = 0) -> str:
        return "x" * (int(KILOBYTES_OF_UNITS[self.units_of(number)] * 1024) - _ENVELOPE_BYTES)

    @property
    def total(self) -> int:
        return self.records + len(self.arrivals)


@dataclass(frozen=True, slots=True)
class Measured:
    dollars: float
    """Of draining a million records."""
    utilisation: float
    """Units of records stored, as a share of what the table could take until the last of them was stored."""
    utilisation_99: float
    """The same until 99 % were stored; 0 when it never came so far."""
    receives: float
    """Of a message, on average."""
    throttles: float
    """Throttled calls for each put."""
    age_p50: float
    """Seconds from the send to the put."""
    age_p99: float
    age_max: float
    dead_lettered: float
    """Good records, as a share of all."""
    seconds: float
    """Of the handler's invocations, for 1000 records."""
    hours: float = 0.0
    """Until the last record was stored."""
    receives_max: float = 0.0
    """Of any message."""


class PutTimes(dict[str, dict[str, Any]]):
    """A table's items, of which only Forebay's map is kept, and when each was put first."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.at: dict[str, float] = {}
        self._now = now

    def __setitem__(self, key: str, item: dict[str, Any]) -> None:
        self.at.setdefault(key, self._now())
        super().__setitem__(key, {"_forebay": item["_forebay"]})


@dataclass(slots=True)
class Run:
    """A case's world, filled and ready to drain."""

    case: Case
    world: World
    put_times: PutTimes
    receives_max: int = 0
    sent_at: list[float] = field(default_factory=list)
    """By the record's number, which is its key."""


def prepared(case: Case, seed: int) -> Run:
    world = World(case.setting, case.faults(), seed, case.policy.environment)
    world.capacity.charge(case.setting.units_per_second * max(1.0, case.setting.burst_seconds))
    world.table.items = put_times = PutTimes(world.clock.monotonic)
    world.table.mark = math.ceil(NEARLY_ALL * case.total)
    run = Run(case, world, put_times)
    deleted = world.event_source.deleted

    def count_receives(message: SimulatedMessage) -> None:
        run.receives_max = max(run.receives_max, message.receives)
        deleted(message)

    world.event_source.deleted = count_receives
    for _ in range(case.records):
        _accept(run)
    for at in case.arrivals:
        world.clock.start(lambda: _accept(run), at)
    return run


def _accept(run: Run) -> None:
    key = str(len(run.sent_at))
    run.world.accept(key, run.case.content(len(run.sent_at)))
    run.world.accepted[key] = run.world.accepted[key][0], ""  # a million bodies would fill the memory
    run.sent_at.append(run.world.clock.now)


def drained(run: Run) -> Measured:
    """Drains it. Raises `AssertionError` when a record is nowhere; one that is dead-lettered is counted."""
    case, world = run.case, run.world
    world.drain(seconds_min=max(case.arrivals, default=0.0), seconds_max=_SECONDS_MAX)
    dead = len(world.dead_letters) + len(world.queue.redriven) + len(world.queue.expired)
    stored = len(world.table.items)
    assert stored + dead >= case.total, f"{case.total - stored - dead} records are missing"
    rate, last = case.setting.units_per_second, max(world.table.last_put, 1e-9)
    ages = sorted(at - run.sent_at[int(key)] for key, at in run.put_times.at.items()) or [0.0]
    nearly_all = world.table.mark * case.units / rate / world.table.marked_at if world.table.marked_at else 0.0
    return Measured(
        dollars=world.bill.dollars_per_million(case.total, case.setting.memory_mb),
        utilisation=sum(case.units_of(int(key)) for key in world.table.items) / rate / last,
        utilisation_99=nearly_all,
        receives=world.queue.receives / case.total,
        throttles=world.table.throttles / max(1, stored),
        age_p50=percentile(ages, 0.5),
        age_p99=percentile(ages, 0.99),
        age_max=ages[-1],
        dead_lettered=dead / case.total,
        seconds=world.event_source.busy_seconds / case.total * 1000,
        hours=last / 3600,
        receives_max=run.receives_max,
    )


def measure(case: Case, seed: int) -> Measured:
    return drained(prepared(case, seed))


def percentile(ascending: Sequence[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def ideal(case: Case) -> Measured:
    """Computed: full batches at the table's rate, each received once, put, and deleted."""
    memory_mb, batch = case.setting.memory_mb, min(case.setting.batch_size, RECEIVE_MAX)
    bill = SimulatedBill()
    seconds = PUT_SECONDS + batch * PUT_CPU_SECONDS / cores(memory_mb)
    bill.add_invocation(seconds, cold=False)
    bill.add_request("ReceiveMessage", batch * (len(case.content()) + _ENVELOPE_BYTES + _ATTRIBUTE_BYTES))
    bill.add_request("DeleteMessageBatch")
    last = case.records * case.units / case.setting.units_per_second
    return Measured(
        dollars=bill.dollars_per_million(batch, memory_mb),
        utilisation=1.0,
        utilisation_99=1.0,
        receives=1.0,
        throttles=0.0,
        age_p50=last * 0.5,
        age_p99=last * NEARLY_ALL,
        age_max=last,
        dead_lettered=0.0,
        seconds=seconds / batch * 1000,
        hours=last / 3600,
        receives_max=1.0,
    )
