"""Latencies of any number of requests in bounded memory: a histogram whose buckets are two percent wide."""

import math
from collections import Counter
from collections.abc import Sequence

_WIDTH = math.log(1.02)
_PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
FIGURES = (*_PERCENTILES, "max")
"""The names of all figures."""


class Latencies:
    """In seconds. Percentiles are exact to two percent, the maximum is exact."""

    def __init__(self, seconds: Sequence[float] = ()) -> None:
        self.count = 0
        self.max = 0.0
        self._buckets: Counter[int] = Counter()
        for each in seconds:
            self.add(each)

    @classmethod
    def merged(cls, *parts: "Latencies") -> "Latencies":
        merged = cls()
        for part in parts:
            merged.count += part.count
            merged.max = max(merged.max, part.max)
            merged._buckets.update(part._buckets)  # noqa: SLF001 - of the same class
        return merged

    def add(self, seconds: float) -> None:
        self.count += 1
        self.max = max(self.max, seconds)
        self._buckets[math.ceil(math.log(max(seconds, 1e-6)) / _WIDTH)] += 1

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests did not exceed; 0 without requests."""
        remaining = math.ceil(share * self.count)
        for number in sorted(self._buckets):
            remaining -= self._buckets[number]
            if remaining <= 0:
                return min(math.exp(number * _WIDTH), self.max)
        return self.max

    def figures(self) -> dict[str, float]:
        """p50, p95 and p99, as far as there are enough requests, and the maximum.

        A percentile needs one request beyond it: of 13, the slowest would pass for p95 and p99 as well.
        """
        enough = {name: share for name, share in _PERCENTILES.items() if self.count * (1 - share) >= 1 - 1e-9}
        figures = {name: self.percentile(share) for name, share in enough.items()}
        return {**figures, "max": self.max} if self.count else {}


def milliseconds(seconds: float) -> str:
    """`0.9 ms`, `12 ms`, `1,234 ms`."""
    ms = seconds * 1000
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"  # noqa: PLR2004 - two significant digits


def milliseconds_row(latencies: Latencies) -> list[str]:
    """All `FIGURES`; `-` for those that so few requests do not have."""
    figures = latencies.figures()
    return [milliseconds(figures[name]) if name in figures else "-" for name in FIGURES]
