"""`python -m dev.simulation.reached`: which faults happen in the worlds, and which branches of the code they reach.

Fails when a fault never happened, and when a branch of the policy is left that no world reaches and that has no reason
in `UNREACHABLE`.
"""

import argparse
import json
import logging
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import coverage

from dev.paths import ROOT

POLICY = [
    "api/ingest/backlog_limit.py",
    "api/ingest/endpoint.py",
    "api/ingest/lane.py",
    "api/ingest/lenient.py",
    "api/memory_budget.py",
    "api/outbound/group_commit.py",
    "api/time_limit.py",
    "consumer/backlog.py",
    "consumer/batch.py",
    "consumer/deferral.py",
    "consumer/drain.py",
    "consumer/puts.py",
    "consumer/redelivery.py",
    "consumer/schedule.py",
    "records/version.py",
]
"""Where it is decided what becomes of a record, and when."""
UNREACHABLE = {
    "if asked == self._asked:": "who asks no more was cancelled, and goes no further",
    "raise RequestMalformed(error) from None": "the line above raises, whatever is malformed",
    "except Exception as error:  # noqa: BLE001 - whatever it was, the messages are retried": "only a bug comes here",
    "match result:": "there is no other result",
    "return _VERSION.fullmatch(text) is not None": "the worlds' messages have valid versions; tests/unit has others",
}
"""Lines, and why no world reaches them or what follows them."""
_SOURCES = ["api", "consumer", "records"]


@dataclass(frozen=True, slots=True)
class Reached:
    """Of one module: branches, and lines and branches that no world came to, as `line` or `line -> line`."""

    path: str
    branches: int
    missing: list[str]


def measured(seeds: range) -> tuple[list[Reached], list[dict[str, int]]]:
    """Runs the worlds; the second is, world by world, how often each fault happened."""
    halves = [seeds[0::2], seeds[1::2]]
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(2) as pool:
        data = str(Path(folder) / "coverage")
        happened = pool.map(partial(_run, data=data), halves)
        report = Path(folder) / "coverage.json"
        cover = coverage.Coverage(data_file=data, config_file=False)
        cover.combine()
        cover.json_report(outfile=str(report))
        files = json.loads(report.read_text())["files"]
    return [_reached(path, file) for path, file in sorted(files.items())], [*happened[0], *happened[1]]


def _run(seeds: range, data: str) -> list[dict[str, int]]:
    """In a process of its own, which has imported nothing of what is measured."""
    logging.disable(logging.CRITICAL)
    cover = coverage.Coverage(
        branch=True, source=_SOURCES, concurrency="greenlet", data_file=data, data_suffix=True, config_file=False
    )
    cover.start()
    from dev.simulation.path.runner import FAULTS, run_seed  # noqa: PLC0415 - a module's own lines run when it is imported

    happened = []
    for seed in seeds:
        outcome = run_seed(seed)
        assert outcome.failure is None, f"seed {seed}: {outcome.failure}"
        happened.append({name: outcome.happened[name] for name in FAULTS})
    cover.stop()
    cover.save()
    return happened


def _reached(path: str, file: dict[str, Any]) -> Reached:
    lines = (ROOT / path).read_text().splitlines()
    missing = [line for line in file["missing_lines"] if not _is_excused(lines, line)]
    branches = [f"{a} -> {b}" for a, b in file["missing_branches"] if not _is_excused(lines, a)]
    total = len(file["executed_branches"]) + len(file["missing_branches"])
    return Reached(path, total, [*map(str, missing), *branches])


def _is_excused(lines: list[str], number: int) -> bool:
    """Whether the line is one of those, or belongs to the block that it begins."""
    line = lines[number - 1]
    indent = len(line) - len(line.lstrip())
    above = [line.strip()]
    for other in reversed(lines[: number - 1]):
        if other.strip() and len(other) - len(other.lstrip()) < indent:
            indent = len(other) - len(other.lstrip())
            above.append(other.strip())
    return any(each in UNREACHABLE for each in above)


def _print_faults(happened: list[dict[str, int]]) -> bool:
    """Whether each has happened."""
    print(f"{'Fault':<26}{'worlds':>8}{'times':>10}  (of {len(happened)} worlds)")
    times = {name: [world[name] for world in happened] for name in happened[0]}
    for name, each in times.items():
        print(f"  {name:<24}{sum(map(bool, each)):>8}{sum(each):>10,}")
    return all(map(any, times.values()))


def _print_branches(modules: list[Reached]) -> bool:
    """Whether the policy is reached."""
    policy = [each for each in modules if each.path in POLICY]
    print("\nBranches of the policy:")
    for each in policy:
        print(f"  {each.path:<34}{each.branches:>4}  {', '.join(each.missing) or 'all reached'}")
    print("\nThe rest of what runs in the worlds (what is left of it, tests reach):")
    for each in modules:
        if each not in policy and each.branches:
            print(f"  {each.path:<34}{each.branches:>4}  {len(each.missing)} lines and branches not reached")
    return not any(each.missing for each in policy)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.simulation.reached", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many worlds (default: 500)")
    modules, happened = measured(range(parser.parse_args().seeds))
    return 0 if all([_print_faults(happened), _print_branches(modules)]) else 1


if __name__ == "__main__":
    sys.exit(main())
