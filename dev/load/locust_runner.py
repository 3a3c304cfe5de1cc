"""Runs Locust's users in this process. Importing it makes all blocking calls of the process cooperative (gevent)."""

import logging
import time
from collections.abc import Callable, Sequence

from locust.argument_parser import get_parser
from locust.env import Environment

from dev.load.locustfile import Producer
from dev.load.traffic import Traffic
from ops.stop import StopFlag

_STOP_SECONDS_MAX = 35
"""Longer than a request may take: an interrupted one could be accepted without its receipt being kept."""
_POLL_SECONDS = 0.1


class LocustRunner:
    def __init__(self, traffic: Traffic, api_url: str, stop: StopFlag) -> None:
        self._traffic = traffic
        self._stop = stop
        Producer.traffic = traffic
        logging.getLogger("locust").setLevel(logging.WARNING)
        self._environment = Environment(user_classes=[Producer], host=api_url, stop_timeout=_STOP_SECONDS_MAX)
        self._runner = self._environment.create_local_runner()

    def run(self, users: int, phases: Sequence[tuple[float, float]], on_progress: Callable[[float], None]) -> float:
        """Runs so many users through phases of (records a second, seconds). Returns the seconds that it took;
        `on_progress` is called with the seconds so far.
        """
        began = time.monotonic()
        self._runner.start(users, spawn_rate=users)
        try:
            for rate, seconds in phases:
                self._traffic.set_rate(rate)
                until = time.monotonic() + seconds
                while time.monotonic() < until and not self._over:
                    on_progress(time.monotonic() - began)
                    time.sleep(_POLL_SECONDS)
        finally:
            took = time.monotonic() - began
            self._end()
        return took

    def serve(self, port: int, host: str, users: int, on_progress: Callable[[], None]) -> None:
        """Serves Locust's web page, which starts and ends the load, until `stop` is set.

        Its form begins with so many users, all started at once.
        """
        options = [f"--users={users}", f"--spawn-rate={users}"]
        self._environment.parsed_options = get_parser(default_config_files=[]).parse_args(options, env_vars={})
        web = self._environment.create_web_ui(host=host, port=port)
        try:
            while not self._over:
                on_progress()
                time.sleep(_POLL_SECONDS)
        finally:
            self._end()
            web.stop()  # type: ignore[no-untyped-call]

    @property
    def _over(self) -> bool:
        return self._stop.is_set or self._traffic.receipts.full

    def _end(self) -> None:
        self._traffic.ended = True
        self._runner.quit()
