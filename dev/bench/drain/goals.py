"""`python -m dev.bench.drain.goals`: what Forebay's drain shall cost and reach, and whether it does.

Medians of several seeds, as Markdown. Large cases take fewer seeds.
"""

import argparse
import multiprocessing
import statistics
import sys
from collections.abc import Iterator

from dev.bench.drain.goal_rows import GOALS, Goal, Outcome

_LARGE, _HUGE = 50_000, 150_000
"""Records from which on a case takes a fifth of the seeds, and a single one."""
_COLUMNS = ("dollars", "receives", "utilisation", "utilisation_99", "throttles")
_DECIMALS = {"dollars": 2, "receives": 2, "receives_max": 0, "age_p50": 0, "age_p99": 0, "first_in_first_out_p99": 0}
_DECIMALS |= {"hours": 2, "p99_times": 2, "max_times": 2}
_DECIMALS_ELSE = 3
_LABELS = {
    "dollars": "$/M",
    "throttles": "throttled/put",
    "receives_max": "most receives",
    "dead_lettered": "dead-lettered",
    "age_p50": "age p50 (s)",
    "age_p99": "age p99 (s)",
    "first_in_first_out_p99": "first in, first out p99 (s)",
    "p99_times": "p99, times first in, first out",
    "max_times": "greatest, times first in, first out",
    **{f"half_hour_{n}": f"$/M in half hour {n}" for n in range(1, 10)},
}


def seeds_of(goal: Goal, seeds: int) -> int:
    if goal.records >= _HUGE:
        return 1
    return max(1, seeds // 5) if goal.records >= _LARGE else seeds


def _measured(which: tuple[int, int]) -> Outcome:
    position, seed = which
    return GOALS[position].run(seed)


def medians(outcomes: list[Outcome]) -> Outcome:
    """Of each number; the greatest share of dead-lettered records, because one is too many."""
    names = [name for name in outcomes[0] if all(name in each for each in outcomes)]
    result = {name: statistics.median(each[name] for each in outcomes) for name in names}
    return {**result, "dead_lettered": max(each["dead_lettered"] for each in outcomes)}


def number(name: str, value: float) -> str:
    decimals = 2 if name.startswith("half_hour") else _DECIMALS.get(name, _DECIMALS_ELSE)
    return f"{value:,.{decimals}f}"


def label(name: str) -> str:
    return _LABELS.get(name, name)


def goal_text(goal: Goal) -> str:
    parts = [f"{label(name)} ≤ {bound:g}" for name, bound in goal.most.items()]
    return ", ".join(parts + [f"{label(name)} ≥ {bound:g}" for name, bound in goal.least.items()])


def row(goal: Goal, outcome: Outcome) -> str:
    """As Markdown."""
    cells = [number(name, outcome[name]) if name in outcome else "-" for name in _COLUMNS]
    others = [name for name in [*goal.most, *goal.shown] if name not in _COLUMNS and name in outcome]
    more = ", ".join(f"{label(name)} {number(name, outcome[name])}" for name in dict.fromkeys(others))
    misses = goal.misses(outcome)
    verdict = "**missed: " + ", ".join(map(label, misses)) + "**" if misses else "met"
    return f"| {' | '.join([goal.name, *cells, more, goal_text(goal), verdict])} |"


def _heading(section: str) -> str:
    columns = [
        section,
        "$/M",
        "receives",
        "utilisation",
        "until 99 %",
        "throttled/put",
        "besides",
        "goal",
        "is it met?",
    ]
    return f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.drain.goals", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="", help="sections or cases whose name has this text")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    arguments = parser.parse_args()
    chosen = [n for n, goal in enumerate(GOALS) if arguments.only in f"{goal.section}: {goal.name}"]
    work = [(n, seed) for n in chosen for seed in range(1, seeds_of(GOALS[n], arguments.seeds) + 1)]
    done: list[tuple[Goal, Outcome]] = []
    with multiprocessing.Pool(arguments.processes, maxtasksperchild=1) as pool:  # some of a world outlives its run
        outcomes = pool.imap(_measured, work)
        for n in chosen:
            goal = GOALS[n]
            done.append((goal, medians(list(_next(outcomes, seeds_of(goal, arguments.seeds))))))
            if len(done) == 1 or goal.section != done[-2][0].section:
                print(_heading(goal.section))
            print(row(*done[-1]), flush=True)
    return _verdict(done)


def _next(outcomes: Iterator[Outcome], number_of_them: int) -> Iterator[Outcome]:
    for _ in range(number_of_them):
        yield next(outcomes)


def _verdict(done: list[tuple[Goal, Outcome]]) -> int:
    """1 when a good record was dead-lettered anywhere."""
    met = sum(not goal.misses(outcome) for goal, outcome in done)
    dead = [goal.name for goal, outcome in done if outcome["dead_lettered"]]
    print(f"\n{met} of {len(done)} goals met. Good records dead-lettered: {', '.join(dead) or 'none'}.")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
