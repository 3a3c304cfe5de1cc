"""`python -m dev.load.report [PATH]` (`make report`): a surge on a local stack of its own, as one self-contained page.

The stack is started on free ports, with an empty table and no burst credit, and stopped at the end. A running
`make run` is not touched.
"""

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import locust  # noqa: F401 - before everything that opens connections: it makes them cooperative (gevent)

from dev.load.latencies import Latencies
from dev.load.locust_runner import LocustRunner
from dev.load.report_page import report_page
from dev.load.settings import number, whole
from dev.load.surge_costs import with_costs
from dev.load.surge_result import SurgeResult, put_times
from dev.load.traffic import Traffic
from dev.load.verify import Verification
from dev.local.consumer_log import consumer_log, consumer_use
from dev.local.deploy import DeployFailed
from dev.local.loopback import LOOPBACK, open_url
from dev.local.ports import PortTaken, free_ports
from dev.local.processes import ProcessFailed, StartCancelled, StopRequest
from dev.local.settings import LocalSettings, SettingInvalid
from dev.local.stack import RunningStack, running_stack
from dev.paths import ROOT
from ops.command import DONE, FAILED, STOPPED
from ops.dead_letter_queue import DeadLetterQueue, Selection
from ops.errors import EXPECTED_ERRORS, error_line
from ops.formatting import count, duration
from ops.progress import Progress
from ops.stop import StopFlag
from ops.target import on_this_machine
from records.key import Key

DEFAULT_PATH = ROOT / ".local" / "report.html"
_USERS = 5
_WCU_MAX = 100
"""The local AWS puts about 150 records a second at most, whatever the table is provisioned for."""
_CALM, _SURGE = 1 / 12, 1 / 12
_CALM_RATE, _SURGE_RATE = 0.5, 8.0
"""Shares of the whole time and of the provisioned rate. The backlog after the surge takes seven twelfths of it."""
_POISON = ('{"id": "no end', '{"id": 42}', '{"id": "not-a-number", "n": 1e400}')


def main(arguments: Sequence[str]) -> int:
    """0 when the page is written and every 202 is accounted for; 130 after Ctrl-C."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print("usage: python -m dev.load.report [PATH]; WCU= and SECONDS= in the environment", file=sys.stderr)
        return 2
    path = Path(arguments[0]) if arguments else DEFAULT_PATH
    progress = Progress(sys.stderr)
    try:
        wcu = whole(os.environ, "WCU", 5, 1, _WCU_MAX)
        seconds = number(os.environ, "SECONDS", 60, 6, 3600)
        with _stop_requests() as (stop, stack_stop):
            print(f"starting a local stack: {wcu} write units a second, no burst credit …", flush=True)
            port, aws_port, console_port = free_ports(3)
            settings = LocalSettings(port, aws_port, console_port, wcu, burst_seconds=0)
            with running_stack(settings, stack_stop) as stack:
                result = _surge(stack, settings, seconds, stop, progress.show)
            progress.end()
            if stop.is_set:
                return _stopped()
    except StartCancelled:
        return _stopped()
    except (SettingInvalid, PortTaken, ProcessFailed, DeployFailed, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return FAILED
    except EXPECTED_ERRORS as error:
        print(f"report: {error_line(error)}", file=sys.stderr)
        return FAILED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_page(result), encoding="utf-8")
    print(f"\n{result.verdict.text()}\n\nwrote {path}: one page, readable offline")
    return DONE if result.verdict.holds and result.accepted else FAILED


def _stopped() -> int:
    print("\nStopped: no page was written.", file=sys.stderr)
    return STOPPED


def _surge(
    stack: RunningStack, settings: LocalSettings, seconds: float, stop: StopFlag, on_progress: Callable[[str], None]
) -> SurgeResult:
    port, wcu = settings.port, settings.wcu
    target = on_this_machine(port)
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(_POISON)]
    target.sqs.send_message_batch(QueueUrl=target.record_queue_url, Entries=entries)  # type: ignore[arg-type]
    traffic = Traffic(rate=wcu * _CALM_RATE, repeated=0.0)
    calm, surge = seconds * _CALM, seconds * _SURGE
    phases = [(wcu * _CALM_RATE, calm), (wcu * _SURGE_RATE, surge)]
    print(f"a surge of {surge:.1f} s, then until the buffer is empty: about {duration(seconds)}", flush=True)
    url = f"http://{LOOPBACK}:{port}"
    _send_first(url, traffic)
    began_ms = time.time() * 1000

    def on_load_progress(at: float) -> None:
        on_progress(f"{'surge' if at > calm else 'calm'}: {count(traffic.accepted, 'record')} accepted")

    LocustRunner(traffic, url, stop).run(_USERS, phases, on_load_progress)
    verdict = Verification(target, stop, on_progress).run(traffic.receipts)
    times = put_times(target, traffic.receipts)
    letters = DeadLetterQueue(target.sqs, target.record_dead_letter_queue_url, StopFlag())
    reading = letters.read(Selection(), lambda _done, _of: None)
    use = consumer_use(consumer_log(stack.aws_url, stack.aws_environment))
    result = SurgeResult(
        write_units=wcu,
        surge=(calm, calm + surge),
        accepted=[(accepted - began_ms) / 1000 for accepted, _ in times.values()],
        puts=[(put - began_ms) / 1000 for _, put in times.values() if put is not None],
        accepted_to_put=Latencies([(put - accepted) / 1000 for accepted, put in times.values() if put is not None]),
        kinds=traffic.kinds,
        refused_requests=traffic.failures.total(),
        dead_letters={reason: counted.letters for reason, counted in reading.counts.items()},
        verdict=verdict,
    )
    return with_costs(result, use)


def _send_first(url: str, traffic: Traffic) -> None:
    """One record before the load, accounted for like all. The first request opens connections; the others use them."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/records", json.dumps(traffic.record()).encode(), headers)  # noqa: S310 - http
    with open_url(request, timeout_seconds=30) as answer:
        (receipt,) = json.load(answer)["records"]
    traffic.receipts.add(Key(receipt["id"]), receipt["version"])


@contextmanager
def _stop_requests() -> Iterator[tuple[StopFlag, StopRequest]]:
    """Signals only set flags, however often they come: the stack is always stopped in order."""
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
