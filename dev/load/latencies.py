"""Latencies of any number of requests, in bounded memory: counted in classes two percent wide."""

import math
from collections import Counter
from collections.abc import Sequence

_WIDTH = math.log(1.02)


class Latencies:
    """In seconds. Percentiles are right within two percent, the maximum exactly."""

    def __init__(self, seconds: Sequence[float] = ()) -> None:
        self.count = 0
        self.max = 0.0
        self._classes: Counter[int] = Counter()
        for each in seconds:
            self.add(each)

    @classmethod
    def of(cls, *some: "Latencies") -> "Latencies":
        """All of them together."""
        made = cls()
        for each in some:
            made.count += each.count
            made.max = max(made.max, each.max)
            made._classes.update(each._classes)  # noqa: SLF001 - its own kind
        return made

    def add(self, seconds: float) -> None:
        self.count += 1
        self.max = max(self.max, seconds)
        self._classes[math.ceil(math.log(max(seconds, 1e-6)) / _WIDTH)] += 1

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests did not exceed; 0 without requests."""
        left = math.ceil(share * self.count)
        for number in sorted(self._classes):
            left -= self._classes[number]
            if left <= 0:
                return min(math.exp(number * _WIDTH), self.max)
        return self.max

    def figures(self) -> tuple[float, float, float, float]:
        """p50, p95, p99 and the maximum."""
        return self.percentile(0.5), self.percentile(0.95), self.percentile(0.99), self.max


def milliseconds(seconds: float) -> str:
    """`0.9 ms`, `12 ms`, `1,234 ms`."""
    shown = seconds * 1000
    return f"{shown:.1f} ms" if shown < 10 else f"{shown:,.0f} ms"  # noqa: PLR2004 - two digits that count
