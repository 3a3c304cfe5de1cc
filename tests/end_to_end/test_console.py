"""The console in a real browser, on a running stack: a burst is sent and drained, and every control works."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dev.paths import ROOT
from tests.harness.processes import needs_proc, processes
from tests.harness.stack import Stack, running

_SCREENSHOTS = ROOT / ".test-output" / "console"
_WAIT_MS = 300_000
_SENT = 60


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """As `make run` starts it."""
    with running() as opened:
        yield opened


@pytest.fixture
def page(chrome: Browser, stack: Stack) -> Iterator[Page]:
    """A tab that must neither need the internet nor log an error in the browser's console."""
    opened = chrome.new_page(viewport={"width": 1366, "height": 1010})
    opened.set_default_timeout(_WAIT_MS)
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    own = (stack["CONSOLE_URL"], stack["CONSOLE_URL"].replace("http", "ws"), "data:", "blob:")
    opened.on("request", lambda request: None if request.url.startswith(own) else errors.append(request.url))
    opened.goto(stack["CONSOLE_URL"])
    expect(opened.get_by_test_id("state")).to_have_text(re.compile("empty|draining|dead letter"))
    yield opened
    opened.close()
    assert errors == []


def shown(page: Page, figure: str) -> Locator:
    return page.get_by_test_id(figure)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def screenshot(page: Page, name: str) -> None:
    """Of the whole page, for people to look at."""
    _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_SCREENSHOTS / f"{name}.png", full_page=True)


def wait_until_drained(page: Page) -> None:
    expect(shown(page, "backlog")).to_have_text("0", timeout=_WAIT_MS)


def number(locator: Locator) -> int:
    """The first whole number of the text."""
    found = re.search(r"[\d,]+", locator.inner_text())
    return int(found[0].replace(",", "")) if found else 0


def test_the_first_click_tells_the_story(page: Page, stack: Stack) -> None:
    """The table has saved up capacity; the burst uses it up, and what is left over falls at the table's rate. And what
    it costs.
    """
    expect(shown(page, "saved-up")).to_have_text("100 of 100 units", timeout=_WAIT_MS)
    screenshot(page, "empty")
    press(page, "Send the burst")
    expect(shown(page, "state")).to_have_text("draining", timeout=_WAIT_MS)
    expect(shown(page, "sending")).to_have_text("burst: 50 of 50 accepted", timeout=_WAIT_MS)
    backlogs, saved_up = [number(shown(page, "backlog"))], [number(shown(page, "saved-up"))]
    while backlogs[-1]:
        page.wait_for_timeout(300)
        backlogs.append(number(shown(page, "backlog")))
        saved_up.append(number(shown(page, "saved-up")))
        if 0 < backlogs[-1] < max(backlogs):
            screenshot(page, "draining")
    assert max(backlogs) > 20
    assert len({backlog for backlog in backlogs if backlog < max(backlogs)}) > 3  # it falls, step by step
    assert min(saved_up) < 30
    money = shown(page, "money")
    expect(money).to_contain_text("Forebay")
    expect(money).to_contain_text("on demand")
    expect(shown(page, "waiting-cost")).to_contain_text("Waiting: $0. Workers that slept through it")
    expect(shown(page, "in-table")).to_have_text("10", timeout=_WAIT_MS)
    expect(shown(page, "records")).to_contain_text("→ table")
    assert len(stack.items()) == 10
    screenshot(page, "drained")


def test_every_record_of_a_load_reaches_the_table(page: Page, stack: Stack) -> None:
    before = len(stack.items())
    for label, number in (("Rate", _SENT // 2), ("Size", 500), ("Length", 2)):
        page.get_by_label(label).fill(f"{number}")
    press(page, "Send the load")
    expect(shown(page, "sending")).to_have_text(f"load: {_SENT} of {_SENT} accepted", timeout=_WAIT_MS)
    expect(shown(page, "in-table")).to_have_text(f"{before + _SENT}", timeout=_WAIT_MS)
    wait_until_drained(page)
    assert len(stack.items()) == before + _SENT


def test_a_load_out_of_bounds_is_not_sent_and_its_bounds_are_shown(page: Page) -> None:
    page.get_by_label("Rate").fill("9999")
    press(page, "Send the load")
    expect(page.get_by_text("Rate: 1 to 500 records a second")).to_be_visible()


def test_the_capacity_of_the_table_itself_is_changed(page: Page, stack: Stack) -> None:
    for units in (100, 25):
        press(page, f"{units} write units")
        expect(shown(page, "capacity")).to_have_text(f"now {units} write units/s", timeout=_WAIT_MS)
        table = stack.client("dynamodb").describe_table(TableName=stack["RECORD_TABLE_NAME"])["Table"]
        assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == units


def test_a_fault_of_the_table_fills_the_backlog_and_its_end_drains_it(page: Page, stack: Stack) -> None:
    throttle = page.get_by_role("switch", name="Throttle all writes")
    throttle.click()
    expect(shown(page, "state")).to_have_text("fault active", timeout=_WAIT_MS)
    puts = httpx.post(f"{stack['API_URL']}/records", json=[{"id": f"throttled-{n}"} for n in range(5)])
    assert puts.status_code == 202
    expect(shown(page, "backlog")).to_have_text("5", timeout=_WAIT_MS)
    expect(shown(page, "throttled-calls")).not_to_have_text("0", timeout=_WAIT_MS)
    screenshot(page, "fault")
    throttle.click()
    wait_until_drained(page)
    assert {f"throttled-{n}" for n in range(5)} <= {item["id"]["S"] for item in stack.items()}
    expect(shown(page, "dead-letters")).to_have_text("0")


def test_with_sqs_down_nothing_is_accepted_and_the_page_shows_why(page: Page) -> None:
    down = page.get_by_role("switch", name="SQS down")
    down.click()
    expect(shown(page, "state")).to_have_text("fault active", timeout=_WAIT_MS)
    press(page, "Send the burst")
    expect(shown(page, "sending")).to_contain_text("0 of 50 accepted. 503 queue_unavailable", timeout=_WAIT_MS)
    down.click()
    expect(shown(page, "state")).not_to_have_text("fault active", timeout=_WAIT_MS)
    wait_until_drained(page)


def test_dead_letters_are_shown_and_sent_back(page: Page, stack: Stack) -> None:
    sqs = stack.client("sqs")
    sqs.send_message(QueueUrl=stack["RECORD_DEAD_LETTER_QUEUE_URL"], MessageBody='{"id": "given-up", "n": 1}')
    expect(shown(page, "letters")).to_contain_text("received_too_often", timeout=_WAIT_MS)
    press(page, "Show")
    expect(shown(page, "body")).to_have_text('{"id": "given-up", "n": 1}')
    press(page, "Close")
    expect(shown(page, "body")).to_have_count(0)
    press(page, "Send back")
    expect(shown(page, "dead-letters")).to_have_text("0", timeout=_WAIT_MS)
    wait_until_drained(page)
    assert "given-up" in {item["id"]["S"] for item in stack.items()}


def test_poison_messages_are_dead_lettered_with_their_reasons(page: Page) -> None:
    press(page, "Send poison messages")
    letters = shown(page, "letters")
    for reason in ("json_malformed", "number_out_of_range", "key_invalid", "record_not_an_object"):
        expect(letters).to_contain_text(reason, timeout=_WAIT_MS)
    expect(shown(page, "dead-letters")).to_have_text("4", timeout=_WAIT_MS)
    expect(shown(page, "poison")).to_have_text("poison: 0 wait in the queue, 4 dead-lettered", timeout=_WAIT_MS)
    expect(shown(page, "state")).to_have_text("4 dead letters", timeout=_WAIT_MS)
    screenshot(page, "poison")


def test_the_original_pattern_drains_the_same_records_side_by_side(page: Page) -> None:
    press(page, "Run the original pattern too")
    comparison = shown(page, "comparison")
    expect(comparison).to_be_visible(timeout=_WAIT_MS)
    press(page, "Send the burst")
    expect(shown(page, "sending")).to_have_text("burst: 50 of 50 accepted", timeout=_WAIT_MS)
    wait_until_drained(page)
    expect(comparison).to_contain_text("dead-lettered")
    screenshot(page, "comparison")


def test_a_reload_and_another_tab_show_the_same_series(page: Page, chrome: Browser, stack: Stack) -> None:
    lines = page.locator(".fb-chart path[stroke='#14a3a3']")
    expect(lines).not_to_have_count(0, timeout=_WAIT_MS)
    page.reload()
    expect(lines).not_to_have_count(0, timeout=_WAIT_MS)
    for name, width, scheme in (("dark", 1366, "dark"), ("phone", 390, "light"), ("phone-dark", 390, "dark")):
        tab = chrome.new_page(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type] # one of its words
        )
        tab.goto(stack["CONSOLE_URL"])
        expect(tab.locator(".fb-chart path[stroke='#14a3a3']")).not_to_have_count(0, timeout=_WAIT_MS)
        expect(shown(tab, "dead-letters")).to_have_text(shown(page, "dead-letters").inner_text())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(tab, name)
        tab.close()


@needs_proc
def test_the_page_shows_when_the_stack_stops_answering_and_when_it_answers_again(page: Page, stack: Stack) -> None:
    port = f"GATEWAY_PORT={stack['AWS_ENDPOINT_URL'].rpartition(':')[2]}\0".encode()
    (emulator,) = processes(lambda environment, command: b"local.emulator" in command and port in environment)
    os.kill(emulator, signal.SIGSTOP)
    try:
        expect(shown(page, "state")).to_have_text("no answer", timeout=_WAIT_MS)
        expect(page.get_by_text("The stack has not answered since")).to_be_visible()
        expect(page.locator(".fb-stale")).to_be_visible()
        screenshot(page, "no-answer")
    finally:
        os.kill(emulator, signal.SIGCONT)
    expect(shown(page, "state")).to_have_text("4 dead letters", timeout=_WAIT_MS)
    expect(page.get_by_text("The stack has not answered since")).not_to_be_visible()


def test_the_consoles_log_is_empty(stack: Stack, page: Page) -> None:
    assert Path(stack["LOGS"], "console.log").read_text() == ""
