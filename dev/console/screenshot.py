"""`python -m dev.console.screenshot PATH`: takes README's picture of the console, on a local stack that it starts.

In the middle of a surge: the original pattern drains the same records side by side, some poison is dead-lettered, and
the backlog falls.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dev.local.ports import free_ports
from dev.local.processes import StopRequest
from dev.local.settings import LocalSettings
from dev.local.stack import running_stack

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_WIDTH, _HEIGHT = 1366, 1080
_DRAIN_MS = 180_000
_SETTLE_SECONDS = 4
_SURGE = (("Rate", 25), ("Size", 4000), ("Length", 8))
_FALLEN = 0.6
"""Of the backlog's peak: then the picture is taken."""


class BrowserMissing(Exception):
    def __init__(self) -> None:
        super().__init__("no Chromium on the path: apt-get install chromium")


def chromium() -> str:
    """The path of the browser. Raises `BrowserMissing`."""
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserMissing
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser; it opens pages on loopback only."""
    path = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def surge(page: Page) -> None:
    """Returns when the backlog of a surge has fallen for a while."""
    page.get_by_role("button", name="Run the original pattern too").click()
    expect(page.get_by_test_id("comparison")).to_be_visible()
    page.get_by_role("button", name="Send poison messages").click()
    expect(page.get_by_test_id("dead-letters")).not_to_have_text("0", timeout=_DRAIN_MS)
    time.sleep(_SETTLE_SECONDS)
    for label, number in _SURGE:
        page.get_by_label(label).fill(f"{number}")
    page.get_by_role("button", name="Send the load").click()
    peak = backlog = 0
    while not peak or backlog > _FALLEN * peak:
        page.wait_for_timeout(500)
        backlog = int(page.get_by_test_id("backlog").inner_text().replace(",", ""))
        peak = max(peak, backlog)
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    time.sleep(1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.console.screenshot", description=__doc__)
    parser.add_argument("path", type=Path)
    path: Path = parser.parse_args().path
    port, aws_port, console_port = free_ports(3)
    settings = LocalSettings(port=port, aws_port=aws_port, console_port=console_port, wcu=10, burst_seconds=10)
    try:
        with running_stack(settings, StopRequest()) as stack, browser() as opened:
            page = opened.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, device_scale_factor=1)
            page.goto(stack.console_url)
            surge(page)
            page.screenshot(path=path)
    except BrowserMissing as error:
        print(f"forebay: {error}", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
