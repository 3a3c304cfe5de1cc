"""`python -m dev.simulation`: worlds from seeds, until a promise is broken. `--seed` repeats one."""

import argparse
import multiprocessing
import sys
import time
import traceback

from dev.simulation.scenario import run


def _broken(seed: int) -> tuple[int, str] | None:
    try:
        run(seed)
    except Exception:  # noqa: BLE001 - whatever it is, it is printed with its seed
        return seed, traceback.format_exc()
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="this world only")
    parser.add_argument("--seeds", type=int, default=2000, help="how many worlds, from --first (default: 2000)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed")
    arguments = parser.parse_args()
    seeds = (
        [arguments.seed] if arguments.seed is not None else range(arguments.first, arguments.first + arguments.seeds)
    )
    began, done = time.monotonic(), 0
    with multiprocessing.Pool(min(len(seeds), multiprocessing.cpu_count())) as pool:
        for outcome in pool.imap(_broken, seeds, chunksize=1):
            if outcome:
                print(f"\nseed {outcome[0]} breaks a promise:\n{outcome[1]}\nAgain: make simulate SEED={outcome[0]}")
                return 1
            done += 1
            if sys.stdout.isatty() and done % 20 == 0:
                print(f"\r{done} of {len(seeds)} worlds", end="", flush=True)
    print(f"\r{done} worlds kept every promise ({time.monotonic() - began:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
