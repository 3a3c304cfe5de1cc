"""The warm environments of a simulated function: which one an invocation gets, and when they end.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dev.simulation.clock import Cpu

Handler = Callable[[dict[str, Any], Any], dict[str, list[dict[str, str]]]]

LIFE_SECONDS = 2 * 3600.0
"""Lambda ends an environment after some hours, however busy it is."""


@dataclass(slots=True, eq=False)
class FunctionEnvironment:
    handler: Handler
    born: float
    cpu: Cpu


@dataclass(slots=True)
class FunctionEnvironments:
    """`fresh_share`: of the invocations get a new environment in place of a warm one, as Lambda recycles them."""

    cold_start: Callable[[], Handler]
    cores: float
    fresh_share: float
    random: Random
    _free: list[FunctionEnvironment] = field(default_factory=list)

    def take(self, now: float) -> tuple[FunctionEnvironment, bool]:
        """A warm environment at random, or a new one; and whether it is new."""
        self._free = [each for each in self._free if now - each.born < LIFE_SECONDS]
        if self._free:
            chosen = self._free.pop(self.random.randrange(len(self._free)))
            if not (self.fresh_share and self.random.random() < self.fresh_share):
                return chosen, False
        return FunctionEnvironment(self.cold_start(), now, Cpu(self.cores)), True

    def put_back(self, environment: FunctionEnvironment) -> None:
        self._free.append(environment)
