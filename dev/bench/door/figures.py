"""The figures over HTTP: each from rounds that go through all who are compared, in one run on the same cores."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from dev.bench.door import servers
from dev.bench.door.load import Load, run
from dev.bench.door.loop import RECORD
from dev.paths import ROOT

CORES = sorted(os.sched_getaffinity(0))
"""The first is for the server; the second for the load and the sink."""
_FIRST_PORT = servers.SINK_PORT + 1
_CONNECTIONS, _BULK_CONNECTIONS, _BULK_RECORDS = 64, 4, 500
_ROUNDS, _SECONDS, _WARM_UP_SECONDS = 5, 4.0, 2.0
_SINGLE = json.dumps(RECORD).encode()
_BULK = json.dumps([RECORD] * _BULK_RECORDS).encode()
_MILLION = 1_000_000
_MEBIBYTE = 1024**2


def _measure(
    name: str, port: int, *, bulk: bool = False, seconds: float = _SECONDS, per_second: float | None = None
) -> Load:
    """One round. The sink's count must equal the 202s, or the run is void."""
    body, connections, records = (_BULK, _BULK_CONNECTIONS, _BULK_RECORDS) if bulk else (_SINGLE, _CONNECTIONS, 1)
    before = servers.sunk()
    load = asyncio.run(run(port, body, connections, seconds, per_second))
    if load.refused:
        raise SystemExit(f"{name} refused {load.refused} requests: the run is void")
    load.accepted *= records
    if name != "limit" and servers.sunk() - before != load.accepted:
        raise SystemExit(f"{name}: {load.accepted} accepted, {servers.sunk() - before} sent: the run is void")
    return load


def _ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def single() -> float:
    """Single records a second over 64 connections, of all. Returns Forebay's."""
    names = ["limit", "tutorial", *(["fastify"] if servers.has_fastify() else []), "forebay"]
    with ExitStack() as stack:
        ports = {name: _FIRST_PORT + number for number, name in enumerate(names)}
        for name, port in ports.items():
            stack.enter_context(servers.server(name, port, {CORES[0]}))
            _measure(name, port, seconds=_WARM_UP_SECONDS)
        rates: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(_ROUNDS):
            for name, port in ports.items():
                load = _measure(name, port)
                rates[name].append(load.accepted / load.seconds)
    print(f"single records of 1 KB, {_CONNECTIONS} connections:")
    for name, each in rates.items():
        ratios = f"{_ratio(each, rates['limit']):5.2f} of the limit"
        print(f"  {name:<9} {statistics.median(each):>8,.0f} /s  {ratios}", flush=True)
    for name in names[1:-1]:
        print(f"  Forebay is {_ratio(rates['forebay'], rates[name]):.1f} times {name}")
    return statistics.median(rates["forebay"])


def variants() -> None:
    """What the sender without boto3 and the ingest route are worth: single records without them."""
    names = ["limit", "forebay", "boto3_sender", "ordinary_route", "neither"]
    costs: dict[str, list[float]] = {name: [] for name in names}
    rates: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        pids = {}
        for number, name in enumerate(names):
            pids[name] = stack.enter_context(servers.server(name, _FIRST_PORT + number, {CORES[0]}))
            _measure(name, _FIRST_PORT + number, seconds=_WARM_UP_SECONDS)
        for _ in range(_ROUNDS):
            for number, (name, pid) in enumerate(pids.items()):
                before = servers.cpu_seconds(pid)
                load = _measure(name, _FIRST_PORT + number, seconds=_WARM_UP_SECONDS)
                costs[name].append((servers.cpu_seconds(pid) - before) / load.accepted)
                rates[name].append(load.accepted / load.seconds)
    print("Forebay's variants, single records:")
    for name in names:
        cost = 1e6 * statistics.median(costs[name])
        print(f"  {name:<15} {_ratio(rates[name], rates['limit']):5.2f} of the limit, {cost:.0f} µs of CPU a request")


def latency(per_second: float) -> None:
    """At half of what Forebay carries: how long an answer takes, beside the limit's at the same rate."""
    p50: dict[str, list[float]] = {"limit": [], "forebay": []}
    p99: dict[str, list[float]] = {"limit": [], "forebay": []}
    with ExitStack() as stack:
        ports = {name: _FIRST_PORT + number for number, name in enumerate(p99)}
        for name, port in ports.items():
            stack.enter_context(servers.server(name, port, {CORES[0]}))
            _measure(name, port, seconds=_WARM_UP_SECONDS)
        for _ in range(_ROUNDS):
            for name, port in ports.items():
                load = _measure(name, port, per_second=per_second)
                p50[name].append(1000 * load.percentile(0.50))
                p99[name].append(1000 * load.percentile(0.99))
    print(f"latency at {per_second:,.0f} requests a second:")
    for name, each in p99.items():
        print(f"  {name:<9} p50 {statistics.median(p50[name]):.1f} ms, p99 {statistics.median(each):.1f} ms")
    print(f"  Forebay's p99 is {_ratio(p99['forebay'], p99['limit']):.1f} times the limit's", flush=True)


def bulk() -> None:
    """500 records a request, beside a script that loops send_message_batch over ready-made entries."""
    rates: dict[str, list[float]] = {"loop": [], "forebay": []}
    loop = [sys.executable, "-m", "dev.bench.door.loop", str(_SECONDS)]
    environment = {**os.environ, **servers.ENVIRONMENT}
    with servers.server("forebay", _FIRST_PORT, {CORES[0]}):
        _measure("forebay", _FIRST_PORT, bulk=True, seconds=_WARM_UP_SECONDS)
        for _ in range(_ROUNDS):
            load = _measure("forebay", _FIRST_PORT, bulk=True)
            rates["forebay"].append(load.accepted / load.seconds)
            pinned = ["taskset", "-c", str(CORES[0]), *loop]
            told = subprocess.check_output(pinned, cwd=ROOT, env=environment, text=True)  # noqa: S603 - our own
            rates["loop"].append(float(told))
    print(f"records of 1 KB, {_BULK_RECORDS} a request, {_BULK_CONNECTIONS} connections:")
    print(f"  a loop of send_message_batch {statistics.median(rates['loop']):,.0f} /s")
    print(
        f"  forebay {statistics.median(rates['forebay']):,.0f} /s,"
        f" {_ratio(rates['forebay'], rates['loop']):.2f} times the loop",
        flush=True,
    )


def workers() -> None:
    """Two workers on two cores, by the CPU that a request costs: the load has to share the cores with them."""
    costs: dict[int, list[float]] = {1: [], 2: []}
    with ExitStack() as stack:
        pids = {}
        for count in costs:
            cores = set(CORES[:count])
            pids[count] = stack.enter_context(servers.server("forebay", _FIRST_PORT + count, cores, workers=count))
            _measure("forebay", _FIRST_PORT + count, seconds=_WARM_UP_SECONDS)
        for _ in range(_ROUNDS):
            for count, pid in pids.items():
                before = servers.cpu_seconds(pid)
                load = _measure("forebay", _FIRST_PORT + count)
                costs[count].append((servers.cpu_seconds(pid) - before) / load.accepted)
    print("CPU of a single record:")
    for count, each in costs.items():
        print(f"  {count} worker(s): {1e6 * statistics.median(each):.0f} µs")
    print(f"  two workers carry {2 * _ratio(costs[1], costs[2]):.2f} times what one does, with a core each", flush=True)


def memory() -> None:
    """What the process holds while a million records go through."""
    print("memory while a million records go through, 500 a request:")
    with servers.server("forebay", _FIRST_PORT, {CORES[0]}) as pid:
        sent = told = 0
        while sent < _MILLION:
            sent += _measure("forebay", _FIRST_PORT, bulk=True).accepted
            if sent - told >= _MILLION / 10 or sent >= _MILLION:
                told = sent
                print(f"  {sent:>9,} records: {servers.resident_bytes(pid) / _MEBIBYTE:.0f} MiB", flush=True)
