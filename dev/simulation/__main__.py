"""`python -m dev.simulation`: worlds from seeds, until a promise is broken. `--seed` tells the story of one."""

import argparse
import logging
import multiprocessing
import sys
import time
from collections import Counter
from functools import partial

from dev.simulation.path.bugs import BUGS
from dev.simulation.path.runner import FAULTS, WorldOutcome, run_seed, story
from dev.simulation.path.story import line_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="this world only, with its timeline")
    parser.add_argument("--seeds", type=int, default=2000, help="how many worlds, from --first (default: 2000)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed")
    parser.add_argument("--bug", choices=BUGS, metavar="NAME", help=f"plants a bug: {'; '.join(BUGS)}")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)  # thousands of lines that nobody reads
    if arguments.seed is not None:
        return _tell(story(arguments.seed, arguments.bug), arguments.bug)
    return _run(range(arguments.first, arguments.first + arguments.seeds), arguments.bug)


def _run(seeds: range, bug: str | None) -> int:
    began, done, records = time.monotonic(), 0, 0
    happened: Counter[str] = Counter()
    with multiprocessing.Pool(min(len(seeds), multiprocessing.cpu_count())) as pool:
        for outcome in pool.imap(partial(run_seed, bug=bug), seeds, chunksize=1):
            done += 1
            records += outcome.records
            happened += outcome.happened
            if outcome.failure:
                print(f"\rSeed {outcome.seed} breaks a promise. The smallest world that breaks it:\n")
                return _tell(story(outcome.seed, bug), bug)
            if sys.stdout.isatty() and done % 20 == 0:
                print(f"\r{done} of {len(seeds)} worlds", end="", flush=True)
    seconds = time.monotonic() - began
    print(f"\r{done} worlds with {records:,} records kept every promise ({seconds:.0f} s).")
    rarest = min(FAULTS, key=lambda fault: happened[fault])
    print(f"The rarest of {len(FAULTS)} faults, {rarest}, happened {happened[rarest]:,} times.")
    return 0


def _tell(outcome: WorldOutcome, bug: str | None) -> int:
    print("\n".join(line_of(event) for event in outcome.events))
    if outcome.failure:
        print(f"\nAgain: make simulate SEED={outcome.seed}" + (f' BUG="{bug}"' if bug else ""))
    return 1 if outcome.failure else 0


if __name__ == "__main__":
    sys.exit(main())
