"""Latencies of any number of requests in bounded memory: a histogram whose buckets are two percent wide."""

import math
from collections import Counter
from collections.abc import Sequence

_WIDTH = math.log(1.02)


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

    def figures(self) -> tuple[float, float, float, float]:
        """p50, p95, p99 and the maximum."""
        return self.percentile(0.5), self.percentile(0.95), self.percentile(0.99), self.max


def milliseconds(seconds: float) -> str:
    """`0.9 ms`, `12 ms`, `1,234 ms`."""
    ms = seconds * 1000
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"  # noqa: PLR2004 - two significant digits
