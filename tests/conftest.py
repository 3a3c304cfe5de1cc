"""What every run tells at its end: how many cases the property tests went through."""

import pytest


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
