"""`python -m dev.load.report [PATH]` (`make report`): a surge on a local stack of its own, as one self-contained page.

The stack is started for it on free ports, with an empty table and no burst credit, and stopped at its end: what
`make run` serves meanwhile is left alone.
"""

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import locust  # noqa: F401 - before all that opens connections: it makes them cooperative (gevent)

from dev.load.latencies import Latencies
from dev.load.locust_runner import Users
from dev.load.report_page import page
from dev.load.settings import number, whole
from dev.load.surge_result import Story, put_times
from dev.load.traffic import Traffic
from dev.load.verify import Verification
from dev.local.deploy import DeployFailed
from dev.local.emulator import LOOPBACK
from dev.local.ports import PortTaken
from dev.local.processes import ProcessFailed, Stopped, StopRequest
from dev.local.settings import SettingInvalid, Settings
from dev.local.stack import running
from dev.paths import ROOT
from ops.command import DONE, FAILED, STOPPED
from ops.dead_letter_queue import DeadLetterQueue, Selection
from ops.errors import EXPECTED_ERRORS, error_line
from ops.formatting import duration
from ops.progress import Progress
from ops.stop import StopFlag
from ops.target import on_this_machine
from records.key import Key

DEFAULT_PATH = ROOT / ".local" / "report.html"
_USERS = 5
_WCU_MAX = 100
"""The local AWS puts about 150 records a second, whatever the table is provisioned for."""
_CALM, _SURGE = 1 / 12, 1 / 12
_CALM_RATE, _SURGE_RATE = 0.5, 8.0
"""Shares of the whole time, and of the provisioned rate: what is left then takes seven twelfths of the time."""
_NEVER_STORABLE = ('{"id": "no end', '{"id": 42}', '{"id": "not-a-number", "n": 1e400}')


def main(given: Sequence[str]) -> int:
    """0 when the page is there and every 202 is accounted for; 130 after Ctrl-C."""
    if len(given) > 1 or (given and given[0].startswith("-")):
        print("usage: python -m dev.load.report [PATH]; WCU= and SECONDS= in the environment", file=sys.stderr)
        return 2
    path = Path(given[0]) if given else DEFAULT_PATH
    progress = Progress(sys.stderr)
    try:
        wcu = whole(os.environ, "WCU", 5, 1, _WCU_MAX)
        seconds = number(os.environ, "SECONDS", 60, 6, 3600)
        with _stopping() as (stop, stack_stop):
            print(f"starting a local stack: {wcu} write units a second, no burst credit …", flush=True)
            port, *others = _free_ports(3)
            environment = {"PORT": port, "AWS_PORT": others[0], "CONSOLE_PORT": others[1], "WCU": str(wcu)}
            with running(Settings.from_environment({**environment, "BURST_SECONDS": "0"}), stack_stop):
                story = _story(int(port), wcu, seconds, stop, progress.show)
            progress.end()
            if stop.is_set:
                return _stopped()
    except Stopped:
        return _stopped()
    except (SettingInvalid, PortTaken, ProcessFailed, DeployFailed, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return FAILED
    except EXPECTED_ERRORS as error:
        print(f"report: {error_line(error)}", file=sys.stderr)
        return FAILED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(story), encoding="utf-8")
    print(f"\n{story.verdict.text()}\n\nwrote {path}: one page, readable offline")
    return DONE if story.verdict.holds and story.accepted else FAILED


def _stopped() -> int:
    print("\nStopped: no page was written.", file=sys.stderr)
    return STOPPED


def _story(port: int, wcu: int, seconds: float, stop: StopFlag, tell: Callable[[str], None]) -> Story:
    target = on_this_machine(port)
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(_NEVER_STORABLE)]
    target.sqs.send_message_batch(QueueUrl=target.record_queue_url, Entries=entries)  # type: ignore[arg-type]
    traffic = Traffic(rate=wcu * _CALM_RATE, repeated=0.0)
    calm, surge = seconds * _CALM, seconds * _SURGE
    phases = [(wcu * _CALM_RATE, calm), (wcu * _SURGE_RATE, surge)]
    print(f"a surge of {surge:g} s, then until the buffer is empty: {duration(seconds)} or so", flush=True)
    url = f"http://{LOOPBACK}:{port}"
    _first(url, traffic)
    began_ms = time.time() * 1000

    def told(at: float) -> None:
        tell(f"{'surge' if at > calm else 'calm'}: {traffic.accepted:,} records accepted")

    Users(traffic, url, stop).run(_USERS, phases, told)
    verdict = Verification(target, stop, tell).run(traffic.receipts)
    times = put_times(target, traffic.receipts)
    letters = DeadLetterQueue(target.sqs, target.record_dead_letter_queue_url, StopFlag())
    reading = letters.read(Selection(), lambda _done, _of: None)
    return Story(
        write_units=wcu,
        surge=(calm, calm + surge),
        accepted=[(accepted - began_ms) / 1000 for accepted, _ in times.values()],
        puts=[(put - began_ms) / 1000 for _, put in times.values() if put is not None],
        in_queue=Latencies([(put - accepted) / 1000 for accepted, put in times.values() if put is not None]),
        kinds=traffic.kinds,
        refused_requests=traffic.failures.total(),
        dead_letters={reason: counted.letters for reason, counted in reading.counts.items()},
        verdict=verdict,
    )


def _first(url: str, traffic: Traffic) -> None:
    """One record beforehand, accounted for as all are: what an API does once is not what its requests cost."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/records", json.dumps(traffic.record()).encode(), headers)  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http on loopback
        (receipt,) = json.load(answer)["records"]
    traffic.receipts.add(Key(receipt["id"]), receipt["version"])


def _free_ports(number_of: int) -> list[str]:
    sockets = [socket.socket() for _ in range(number_of)]
    for each in sockets:
        each.bind((LOOPBACK, 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def _stopping() -> Iterator[tuple[StopFlag, StopRequest]]:
    """Only flags, however often the signal comes: the stack is always stopped in order."""
    stop, stack_stop = StopFlag(), StopRequest()

    def handler(_number: int, _frame: object) -> None:
        stop.set()
        stack_stop.make()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, handler) for each in numbers}
    try:
        yield stop, stack_stop
    finally:
        for each, was in before.items():
            signal.signal(each, was)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
