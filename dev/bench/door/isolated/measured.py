"""Runs in a Python with nothing to import but what its first argument names.

`python -I -B -S measured.py PATHS MODULE EVENTS`: prints the CPU seconds of the process until its first answer, and of
each answer after a warm-up, as JSON.
"""

import importlib
import json
import sys
import time

_WARM_UP = 200
_ACCEPTED = 202


def main() -> None:
    paths, module, events = sys.argv[1:]
    sys.path[:0] = paths.split(":")
    with open(events, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is not what is measured
        event, count = json.load(file)
    out, sys.stdout = sys.stdout, open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as above
    handler = importlib.import_module(module).handler
    assert handler(event, None)["statusCode"] == _ACCEPTED
    cold = time.process_time()
    for _ in range(_WARM_UP):
        handler(event, None)
    began = time.process_time()
    for _ in range(count):
        assert handler(event, None)["statusCode"] == _ACCEPTED
    print(json.dumps({"cold": cold, "warm": (time.process_time() - began) / count}), file=out)


if __name__ == "__main__":
    main()
