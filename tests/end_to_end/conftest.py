"""Running local stacks, each for all tests of a run that need no other, and a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from dev.console.screenshot import BrowserMissing, browser, chromium
from tests.harness.stack import Stack, running


@pytest.fixture(scope="session")
def slow_stack() -> Iterator[Stack]:
    """A stack whose table takes two write units a second and keeps no burst credit."""
    with running(WCU="2", BURST_SECONDS="0", BACKLOG_HOURS_MAX="0.05") as stack:
        yield stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A stack whose table is fast enough not to matter."""
    with running(WCU="1000") as stack:
        yield stack


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """For one file: while Playwright's own event loop is there, its thread can run no other."""
    try:
        chromium()
    except BrowserMissing as error:
        pytest.skip(str(error))
    with browser() as opened:
        yield opened
