"""`python -m dev.bench.door`: each figure of docs/measurements/performance.md, beside what it is compared with."""

import os
import sys

from dev.bench.door import figures, functions, servers


def main() -> int:
    if len(figures.CORES) < 2:  # noqa: PLR2004 - one for the server, one for the rest
        print("this needs two cores")
        return 1
    os.sched_setaffinity(0, {figures.CORES[1]})
    with servers.sink(figures.CORES[1]):
        rate = figures.single()
        figures.variants()
        figures.latency(rate / 2)
        figures.bulk()
        functions.lambdas()
        figures.workers()
        figures.memory()
    return 0


if __name__ == "__main__":
    sys.exit(main())
