"""What every test may rely on, and a summary of every run: how many cases the property tests went through."""

import logging
import os
from collections.abc import Iterator

import pytest


def pytest_configure() -> None:
    """Everything that the tests talk to is on loopback, where a proxy would not find it."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A simulated world silences the logs of consumer and API; other tests read them."""
    levels = {log: log.level for log in map(logging.getLogger, ("consumer", "api"))}
    yield
    for log, level in levels.items():
        log.setLevel(level)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    told = [
        f"{report.nodeid.rpartition('::')[2]}: " + ", ".join(f"{number:,} {name}" for name, number in counts.items())
        for report in reports
        for name, counts in getattr(report, "user_properties", ())
        if name == "cases"
    ]
    if told:
        terminalreporter.section("cases")
        for line in told:
            terminalreporter.write_line(line)
