"""`python -m dev.bench.door.attack`: how long an honest request waits while others post what is dear to parse, and how
much memory the server takes. One attack after the other, each against a fresh server.
"""

import asyncio
import gzip
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from dev.bench.door import figures, servers

_PORT = 18_340
_SECONDS = 20.0
_HONEST_EVERY_SECONDS = 0.1
_JSON = {"content-type": "application/json"}
_GZIP = {**_JSON, "content-encoding": "gzip"}
_LENIENT = {"prefer": "handling=lenient"}
_LENIENT_LINES = {**_LENIENT, "content-type": "application/x-ndjson"}
_MEBIBYTE = 1024 * 1024
_HONEST = b'[{"id":"honest","text":"%b"}]' % (b"x" * 5000)


def _numbers(size: int) -> bytes:
    return b"[" + b"1.5," * ((size - 5) // 4) + b"1.5]"


def _records(values: int) -> bytes:
    """As many decimals as one request may hold, in records that are stored."""
    per_record = 100
    record = b'{"a":[%b]}' % b",".join([b"1.5"] * per_record)
    return b"[" + b",".join([record] * (values // (per_record + 2))) + b"]"


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    body: Callable[[], bytes]
    headers: dict[str, str]
    at_once: int


ATTACKS = [
    Attack("nobody", lambda: b"", _JSON, 0),
    Attack("20 bodies of 6 MiB of numbers", lambda: _numbers(6 * _MEBIBYTE), _JSON, 20),
    Attack("8 gzip bodies of 6 MiB of numbers", lambda: gzip.compress(_numbers(6 * _MEBIBYTE)), _GZIP, 8),
    Attack("20 bodies of 500,000 values", lambda: _records(499_000), _JSON, 20),
    Attack("20 gzip bodies of 500,000 values", lambda: gzip.compress(_records(499_000)), _GZIP, 20),
    Attack("100 bodies of 64 KB of numbers", lambda: _numbers(65_000), _JSON, 100),
    Attack(
        "20 bodies of 6 MiB of text with an emoji",
        lambda: b'{"a":"%b\xf0\x9f\x98\x80"}' % (b"x" * 6_000_000),
        _JSON,
        20,
    ),
    Attack("40 lenient bodies of 10,000 bad lines", lambda: b"7\n" * 10_000, _LENIENT_LINES, 40),
    Attack("40 lenient bodies of 2,048 bad lines", lambda: b"7\n" * 2048, _LENIENT_LINES, 40),
    Attack("100 lenient bodies of 32,768 bad lines", lambda: b"7\n" * 32_768, _LENIENT_LINES, 100),
    Attack("20 lenient bodies of 500,000 values", lambda: _records(499_000), _JSON | _LENIENT, 20),
    Attack("20 lenient bodies of 2 MiB of one bad text", lambda: b'{"a":"%b' % (b"x" * 2_000_000), _LENIENT_LINES, 20),
]


@dataclass(slots=True)
class Outcome:
    honest: list[float] = field(default_factory=list)
    """Seconds of each honest request, however it was answered."""
    refused: Counter[int] = field(default_factory=Counter)
    """Honest requests that were not, by status."""
    answers: Counter[str] = field(default_factory=Counter)
    """What the attackers were answered."""
    resident: int = 0


async def _post_again_and_again(
    client: httpx.AsyncClient, attack: Attack, body: bytes, outcome: Outcome, until: float
) -> None:
    while time.monotonic() < until:
        try:
            answer = await client.post("/records", content=body, headers=attack.headers)
            code = "" if answer.is_success else f" {answer.json().get('code', '')}"
            outcome.answers[f"{answer.status_code}{code}"] += 1
        except httpx.HTTPError as error:
            outcome.answers[type(error).__name__] += 1


async def _be_honest(client: httpx.AsyncClient, pid: int, outcome: Outcome, until: float) -> None:
    while time.monotonic() < until:
        began = time.monotonic()
        answer = await client.post("/records", content=_HONEST, headers=_JSON)
        outcome.honest.append(time.monotonic() - began)
        if not answer.is_success:
            outcome.refused[answer.status_code] += 1
        outcome.resident = max(outcome.resident, servers.resident_bytes(pid))
        await asyncio.sleep(_HONEST_EVERY_SECONDS)


async def _run(attack: Attack, pid: int) -> Outcome:
    outcome, body, until = Outcome(), attack.body(), time.monotonic() + _SECONDS
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{_PORT}", timeout=120, limits=limits, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(_be_honest(client, pid, outcome, until))
        for _ in range(attack.at_once):
            tasks.create_task(_post_again_and_again(client, attack, body, outcome, until))
    return outcome


def main() -> int:
    os.sched_setaffinity(0, {figures.CORES[-1]})
    print("attack | honest 5 KB: median, longest | refused | memory | the attackers' answers")
    with servers.sink(figures.CORES[-1]):
        for attack in ATTACKS:
            with servers.server("forebay", _PORT, {figures.CORES[0]}) as pid:
                outcome = asyncio.run(_run(attack, pid))
            waits = (
                f"{statistics.median(outcome.honest):.3f} s, {max(outcome.honest):.2f} s" if outcome.honest else "none"
            )
            print(
                f"{attack.name} | {waits} | {dict(outcome.refused) or 'none'} | {outcome.resident / _MEBIBYTE:.0f} MiB"
                f" | {dict(outcome.answers) or '-'}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
