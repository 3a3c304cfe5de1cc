"""`python -m bench.door`: requests a second of each server on one core, the load and the sink on the other.

Rounds go through all servers in turn, after a warm-up; ratios are medians of the rounds'. The sink's count must equal
the 202s, or the run is void.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.door.load import Load, run

ROOT = Path(__file__).resolve().parents[2]
_SINK_PORT, _FIRST_PORT = 18_300, 18_301
_SERVERS = {"limit": "bench.door.peers:limit", "tutorial": "bench.door.peers:tutorial", "forebay": "api.main:app"}
_PORTS = {name: _FIRST_PORT + number for number, name in enumerate(_SERVERS)}
_CONNECTIONS, _BULK_CONNECTIONS, _BULK_RECORDS = 64, 4, 500
_ROUNDS, _SECONDS, _WARM_UP_SECONDS = 5, 4.0, 2.0
_RECORD = {"temperature": 21.5, "humidity": 40, "active": True, "tags": ["a", "b"], "content": "x" * 940}


def _environment() -> dict[str, str]:
    url = f"http://127.0.0.1:{_SINK_PORT}"
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "RECORD_QUEUE_URL": f"{url}/1/records",
        "RECORD_DEAD_LETTER_QUEUE_URL": f"{url}/1/dead-letters",
        "RECORD_TABLE_NAME": "records",
    }


@contextmanager
def _process(*command: str, core: int) -> Iterator[None]:
    line = [sys.executable, "-m", *command]
    with subprocess.Popen(line, cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        os.sched_setaffinity(process.pid, {core})  # before it has threads of its own
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _uvicorn(app: str, port: int) -> tuple[str, ...]:
    return (
        "uvicorn",
        app,
        "--port",
        str(port),
        "--http",
        "h11",
        "--ws",
        "none",
        "--no-access-log",
        "--log-level",
        "warning",
    )


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing answers on port {port}")


def _sunk() -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{_SINK_PORT}/") as answer:
        return int(answer.read())


def _measure(name: str, body: bytes, connections: int, seconds: float, records: int) -> Load:
    before = _sunk()
    load = asyncio.run(run(_PORTS[name], body, connections, seconds))
    if load.refused:
        raise SystemExit(f"{name} refused {load.refused} requests: the run is void")
    if name != "limit" and _sunk() - before != load.accepted * records:
        raise SystemExit(f"{name}: {load.accepted * records} accepted, {_sunk() - before} sent: the run is void")
    return load


def _rates(body: bytes, connections: int, records: int, names: list[str]) -> dict[str, list[float]]:
    """Records a second, by server and round."""
    for name in names:
        _measure(name, body, connections, _WARM_UP_SECONDS, records)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(_ROUNDS):
        for name in names:
            load = _measure(name, body, connections, _SECONDS, records)
            rates[name].append(load.accepted * records / load.seconds)
    return rates


def _tell(title: str, rates: dict[str, list[float]]) -> None:
    print(title)
    for name, each in rates.items():
        ratio = statistics.median(a / b for a, b in zip(each, rates["limit"], strict=True))
        print(f"  {name:<9} {statistics.median(each):>9,.0f} /s  {ratio:>6.2f} of the limit", flush=True)


def main() -> int:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:  # noqa: PLR2004 - one for the server, one for the rest
        print("this needs two cores")
        return 1
    os.sched_setaffinity(0, {cores[1]})
    single = json.dumps(_RECORD).encode()
    bulk = json.dumps([_RECORD] * _BULK_RECORDS).encode()
    with _process("bench.door.sink", str(_SINK_PORT), core=cores[1]):
        _wait_for(_SINK_PORT)
        with (
            _process(*_uvicorn(_SERVERS["limit"], _FIRST_PORT), core=cores[0]),
            _process(*_uvicorn(_SERVERS["tutorial"], _FIRST_PORT + 1), core=cores[0]),
            _process(*_uvicorn(_SERVERS["forebay"], _FIRST_PORT + 2), core=cores[0]),
        ):
            for number in range(len(_SERVERS)):
                _wait_for(_FIRST_PORT + number)
            _tell(
                f"single records of 1 KB, {_CONNECTIONS} connections:", _rates(single, _CONNECTIONS, 1, list(_SERVERS))
            )
            _tell(
                f"records of 1 KB, {_BULK_RECORDS} a request, {_BULK_CONNECTIONS} connections:",
                _rates(bulk, _BULK_CONNECTIONS, _BULK_RECORDS, ["limit", "forebay"]),
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
