"""`python -m dev.simulation.reached`: which faults and which branches of the policy the worlds reach.

Fails when a branch of the policy is left that no world reaches, and that has no reason in `UNREACHABLE`.
"""

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, fields
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
    "except Exception as error:  # noqa: BLE001 - whatever it was, the messages are retried": "only a bug comes here",
    "match result:": "there is no other result",
    "return _VERSION.fullmatch(text) is not None": "the worlds' messages have valid versions; tests/unit has others",
}
"""Lines, and why no world reaches them or what follows them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Of one module: branches, and lines and branches that no world came to, as `line` or `line -> line`."""

    path: str
    branches: int
    missing: list[str]


def measured(seeds: range) -> tuple[list[Reached], Counter[str]]:
    """Runs the worlds; the second is in how many of them each fault may happen."""
    cover = coverage.Coverage(
        branch=True, source=["api", "consumer", "records"], concurrency="greenlet", data_file=None, config_file=False
    )
    cover.start()
    # Imported while it is measured: a module's own lines run when it is imported.
    from dev.simulation.path.runner import run  # noqa: PLC0415 - as above
    from dev.simulation.path.scenario import draw  # noqa: PLC0415 - as above

    faults: Counter[str] = Counter()
    for seed in seeds:
        scenario = draw(seed)
        faults.update(_drawn(scenario.faults))
        faults.update(_drawn(scenario.path_faults))
        failure = run(scenario).failure
        assert failure is None, f"seed {seed}: {failure}"
    cover.stop()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        cover.json_report(outfile=str(report))
        files = {str(Path(name)): each for name, each in json.loads(report.read_text())["files"].items()}
    return [_reached(path, files[path]) for path in POLICY], faults


def _drawn(faults: Any) -> list[str]:  # noqa: ANN401 - of both kinds
    return [
        each.name for each in fields(faults) if getattr(faults, each.name) not in (0, [], None, False, float("inf"))
    ]


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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.simulation.reached", description=__doc__)
    parser.add_argument("--seeds", type=int, default=400, help="how many worlds (default: 400)")
    seeds = range(parser.parse_args().seeds)
    logging.disable(logging.CRITICAL)
    modules, faults = measured(seeds)
    print(f"Faults, and in how many of {len(seeds)} worlds each may happen:")
    for name, count in sorted(faults.items()):
        print(f"  {name:<26}{count:>6}")
    print("\nBranches of the policy:")
    for each in modules:
        print(f"  {each.path:<34}{each.branches:>4}  {', '.join(each.missing) or 'all reached'}")
    return 1 if any(each.missing for each in modules) else 0


if __name__ == "__main__":
    sys.exit(main())
