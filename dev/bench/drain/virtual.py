"""`python -m dev.bench.drain.virtual`: every policy on the same simulated table, for every size that matters.

Prints the grid, and writes docs/measurements/drain.csv. `--quick` runs a few cells and writes nothing. The table has no
credit at the start.
"""

import argparse
import csv
import itertools
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import fields, replace

from dev.bench.drain.measure import KILOBYTES_OF_UNITS, Case, Measured, ideal, measure
from dev.bench.drain.policies import POLICIES
from dev.paths import ROOT
from dev.simulation.world import Setting

RESULTS = ROOT / "docs" / "measurements" / "drain.csv"
_WCU = (1, 5, 100, 1000)
_WORKERS = (2, 10, 100)
_CREDIT = (0, 300)
_LEAST_SECONDS = 300
_RECORDS_MIN, _RECORDS_MAX = 600, 100_000
_SLOW_RECORDS = 300
"""Of a table that needs long for a record, with many workers: each of them receives it over and over."""
_SLOW_SECONDS = 20


def cases() -> Iterator[Case]:
    """Five minutes of the table, or some hundred records."""
    for credit, wcu, units, workers in itertools.product(_CREDIT, _WCU, KILOBYTES_OF_UNITS, _WORKERS):
        slow = workers > 2 and units / wcu >= _SLOW_SECONDS  # noqa: PLR2004 - the fewest
        records = min(max(_SLOW_RECORDS if slow else _RECORDS_MIN, _LEAST_SECONDS * wcu // units), _RECORDS_MAX)
        setting = Setting(units_per_second=wcu, burst_seconds=credit, workers=workers, verify_deletes=False)
        yield Case(setting, records, units)


def with_policies(case: Case) -> Iterator[Case]:
    for policy in POLICIES:
        setting = replace(
            case.setting,
            batch_size=policy.batch_size,
            window_seconds=policy.window_seconds,
            function_seconds=policy.function_seconds,
            visibility_seconds=policy.visibility_seconds,
            receives_max=policy.receives_max,
        )
        yield replace(case, setting=setting, policy=policy)


def _measured(case: Case) -> Measured:
    return measure(case, seed=1)


_HEADER = (
    "  WCU    KB at once credit records  policy       $/M   util.  99 %  receives throttles  age p50      p99    dead"
    "  s/1000"
)


def row(case: Case, name: str, result: Measured) -> str:
    setting = case.setting
    return (
        f"{setting.units_per_second:>5} {KILOBYTES_OF_UNITS[case.units]:>5} {setting.workers:>7}"
        f" {setting.burst_seconds:>6} {case.records:>7}  {name:<8} {result.dollars:>8.2f} {result.utilisation:>6.3f}"
        f" {result.utilisation_99:>6.3f} {result.receives:>8.2f} {result.throttles:>9.3f} {result.age_p50:>8,.0f}"
        f" {result.age_p99:>8,.0f} {result.dead_lettered:>7.1%} {result.seconds:>7,.0f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.drain.virtual", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few cells, nothing written")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    arguments = parser.parse_args()
    chosen = list(cases())
    if arguments.quick:
        chosen = [case for case in chosen if case.units == 5 and case.setting.workers == 2]  # noqa: PLR2004 - the pattern's own case
    simulated = [each for case in chosen for each in with_policies(case)]
    rows: list[tuple[Case, str, Measured]] = []
    print(_HEADER)
    with multiprocessing.Pool(arguments.processes, maxtasksperchild=1) as pool:  # some of a world outlives its run
        for case, result in zip(simulated, pool.imap(_measured, simulated), strict=True):
            if case.policy is POLICIES[0]:
                rows.append((case, "ideal", ideal(case)))
                print(row(*rows[-1]))
            rows.append((case, case.policy.name, result))
            print(row(*rows[-1]), flush=True)
    if not arguments.quick:
        _write(rows)
    lost = [case for case, name, result in rows if name == "forebay" and result.dead_lettered]
    print("Good records dead-lettered by Forebay: " + (f"in {len(lost)} cells" if lost else "none"))
    return 1 if lost else 0


def _write(rows: list[tuple[Case, str, Measured]]) -> None:
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        measured = [each.name for each in fields(Measured)]
        writer.writerow(["wcu", "kilobytes", "concurrency", "credit_seconds", "records", "policy", *measured])
        for case, name, result in rows:
            where = [case.setting.units_per_second, KILOBYTES_OF_UNITS[case.units], case.setting.workers]
            numbers = [f"{getattr(result, each):.4g}" for each in measured]
            writer.writerow([*where, case.setting.burst_seconds, case.records, name, *numbers])


if __name__ == "__main__":
    sys.exit(main())
