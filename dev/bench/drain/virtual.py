"""`python -m dev.bench.drain.virtual`: every policy on the same simulated table, for every size that matters.

Prints a table, and writes docs/measurements/drain.csv. `--quick` runs a few cells; `--million` drains a backlog of a
million records. Both write nothing.
"""

import argparse
import csv
import itertools
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from dev.bench.drain.policies import POLICIES, Policy
from dev.paths import ROOT
from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World

RESULTS = ROOT / "docs" / "measurements" / "drain.csv"
_UNITS_OF_KB = {0.5: 1, 4: 5, 100: 101}
_ENVELOPE_BYTES = 30  # {"id":"1234567","content":""} and a little
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Cell:
    units_per_second: int
    kilobytes: float
    workers: int
    burst_seconds: int
    records: int

    @property
    def units(self) -> int:
        return self.records * _UNITS_OF_KB[self.kilobytes]

    @property
    def credit(self) -> float:
        return self.units_per_second * max(1.0, self.burst_seconds)

    @property
    def ideal_seconds(self) -> float:
        return (self.units - self.credit) / self.units_per_second


@dataclass(frozen=True, slots=True)
class Result:
    dead_lettered: float
    """Good records in the dead-letter queue, as a share of all."""
    rate: float
    """Units of records that the table took beyond its credit, as a share of what was provisioned meanwhile: while there
    is a backlog, that is, until not more is left than the invocations have in hand."""
    throttles: float
    """Throttled calls per record put."""
    receives: float
    """Per record."""
    invocation_seconds: float
    """Per 1000 records put."""


def cells() -> Iterator[Cell]:
    """Backlogs long enough that the start weighs little: two minutes of the table, and thousands of records."""
    for burst, units_per_second, kilobytes, workers in itertools.product(
        (0, 300), (1, 5, 100, 1000), _UNITS_OF_KB, (2, 10, 100)
    ):
        units = _UNITS_OF_KB[kilobytes]
        least = 4000 if workers == 100 and units <= 5 else 2000  # noqa: PLR2004 - small ones, many at once
        records = max(least, (burst + 60) * units_per_second // units)
        yield Cell(units_per_second, kilobytes, workers, burst, records)


def world_of(cell: Cell, policy: Policy) -> World:
    setting = Setting(
        units_per_second=cell.units_per_second,
        burst_seconds=cell.burst_seconds,
        workers=cell.workers,
        function_seconds=policy.function_seconds,
        visibility_seconds=policy.visibility_seconds,
        receives_max=policy.receives_max,
    )
    world = World(setting, SimulatedFaults(), seed=1, environment=policy.environment)
    content = "x" * (int(cell.kilobytes * 1024) - _ENVELOPE_BYTES)
    for n in range(cell.records):
        world.accept(str(n), content)
    return world


def measure(cell: Cell, policy: Policy) -> Result:
    world = world_of(cell, policy)
    world.table.mark = cell.records - cell.workers * world.setting.batch_size
    world.drain(seconds_min=0, seconds_max=365 * _DAY)
    put = max(1, len(world.table.items))
    dead = len(world.dead_letters) + len(world.queue.redriven) + len(world.queue.expired)
    assert len(world.table.items) + dead + len(world.queue.messages) >= cell.records, "records are missing"
    # A policy that dead-letters may never come so far.
    stored, lasted = world.table.mark, world.table.marked_at
    if not lasted:
        stored, lasted = len(world.table.items), max(world.table.last_put, 1e-9)
    stored_units = stored * _UNITS_OF_KB[cell.kilobytes]
    return Result(
        dead_lettered=dead / cell.records,
        rate=max(0.0, stored_units - cell.credit) / (cell.units_per_second * lasted),
        throttles=world.table.throttles / put,
        receives=world.queue.receives / cell.records,
        invocation_seconds=world.event_source.busy_seconds / put * 1000,
    )


def _measured(pair: tuple[Cell, Policy]) -> Result:
    return measure(*pair)


_HEADER = "  WCU     KB  at once  burst  records  policy     dead   rate  throttles  receives  seconds/1000"


def row(cell: Cell, policy: Policy, result: Result) -> str:
    return (
        f"{cell.units_per_second:>5} {cell.kilobytes:>6} {cell.workers:>8} {cell.burst_seconds:>6} {cell.records:>8}"
        f"  {policy.name:<9} {result.dead_lettered:>5.0%} {result.rate:>6.3f} {result.throttles:>10.3f}"
        f" {result.receives:>9.2f} {result.invocation_seconds:>13,.0f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.drain.virtual", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few cells, nothing written")
    parser.add_argument("--million", action="store_true", help="a million records, Forebay only, nothing written")
    arguments = parser.parse_args()
    chosen = list(cells())
    policies = POLICIES
    if arguments.quick:
        chosen = [cell for cell in chosen if cell.kilobytes == 4 and cell.workers == 2 and not cell.burst_seconds]  # noqa: PLR2004 - the pattern's own case
    if arguments.million:
        chosen, policies = [Cell(1000, 0.5, 10, 0, 1_000_000)], POLICIES[:1]
    pairs = [(cell, policy) for cell in chosen for policy in policies]
    print("The ideal is a rate of 1.000, no throttles, one receive a record.\n" + _HEADER)
    rows = []
    with multiprocessing.Pool(maxtasksperchild=1) as pool:  # a world is large, and some of it outlives its run
        for (cell, policy), result in zip(pairs, pool.imap(_measured, pairs), strict=True):
            print(row(cell, policy, result), flush=True)
            rows.append((cell, policy, result))
    if len(chosen) > 10:  # noqa: PLR2004 - all of them
        _write(rows)
    return 0


def _write(rows: list[tuple[Cell, Policy, Result]]) -> None:
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = ["wcu", "kilobytes", "concurrency", "burst_seconds", "records", "policy"]
        writer.writerow([*names, "dead_lettered", "rate", "throttles", "receives", "invocation_seconds_per_1000"])
        for cell, policy, result in rows:
            numbers = [result.dead_lettered, result.rate, result.throttles, result.receives, result.invocation_seconds]
            where = [cell.units_per_second, cell.kilobytes, cell.workers, cell.burst_seconds, cell.records]
            writer.writerow([*where, policy.name, *(f"{number:.4g}" for number in numbers)])


if __name__ == "__main__":
    sys.exit(main())
