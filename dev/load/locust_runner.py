"""Locust's users, run within this process. Importing it makes everything here cooperative (gevent)."""

import logging
import time
from collections.abc import Callable, Sequence

from locust.env import Environment

from dev.load.locustfile import Producer
from dev.load.traffic import Traffic
from ops.stop import StopFlag

_STOP_SECONDS_MAX = 35
"""Longer than a request may take: one that was cut off may have been accepted without a receipt."""
_LOOK_SECONDS = 0.1


class Users:
    def __init__(self, traffic: Traffic, api_url: str, stop: StopFlag) -> None:
        self._traffic = traffic
        self._stop = stop
        Producer.traffic = traffic
        logging.getLogger("locust").setLevel(logging.WARNING)
        self._environment = Environment(user_classes=[Producer], host=api_url, stop_timeout=_STOP_SECONDS_MAX)
        self._runner = self._environment.create_local_runner()

    def run(self, users: int, phases: Sequence[tuple[float, float]], tell: Callable[[float], None]) -> float:
        """So many users through phases of (records a second, seconds). Returns how long it took; `tell` gets how long
        it has taken so far.
        """
        began = time.monotonic()
        self._runner.start(users, spawn_rate=users)
        try:
            for rate, seconds in phases:
                self._traffic.provision(rate)
                until = time.monotonic() + seconds
                while time.monotonic() < until and not self._over:
                    tell(time.monotonic() - began)
                    time.sleep(_LOOK_SECONDS)
        finally:
            took = time.monotonic() - began
            self._end()
        return took

    def serve(self, port: int, host: str, tell: Callable[[], None]) -> None:
        """Locust's web page, from which the load is begun and ended, until `stop`."""
        web = self._environment.create_web_ui(host=host, port=port)
        try:
            while not self._over:
                tell()
                time.sleep(_LOOK_SECONDS)
        finally:
            self._end()
            web.stop()  # type: ignore[no-untyped-call]

    @property
    def _over(self) -> bool:
        return self._stop.is_set or self._traffic.receipts.full

    def _end(self) -> None:
        self._traffic.ended = True
        self._runner.quit()
