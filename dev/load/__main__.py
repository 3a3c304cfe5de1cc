"""`python -m dev.load` (`make load`): users against the running local stack, and then: is every 202 accounted for?"""

import os
import sys
from collections.abc import Sequence

import locust  # noqa: F401 - before all that opens connections: it makes them cooperative (gevent)

from dev.load.latencies import milliseconds
from dev.load.locust_runner import Users
from dev.load.settings import Settings
from dev.load.traffic import Traffic
from dev.load.verify import WAIT_SECONDS_MAX, Verdict, Verification
from dev.local.emulator import LOOPBACK
from dev.local.ports import PortTaken, claim
from dev.local.settings import SettingInvalid
from ops.command import DONE, FAILED, STOPPED
from ops.errors import EXPECTED_ERRORS, error_line
from ops.formatting import count, table
from ops.progress import Progress
from ops.stop import StopFlag, on_signals
from ops.target import Target, TargetMissing, on_this_machine

_REPEATED = 0.1
"""The share of records with an id that comes again, so that newest-wins is exercised."""


def main() -> int:
    """0 only when records were accepted and every one of them is accounted for; 130 after Ctrl-C."""
    stop = StopFlag()
    try:
        settings = Settings.from_environment(os.environ)
        target = _target(settings)
        if settings.web_port:
            claim(settings.web_port, "WEB")
        with on_signals(stop):
            traffic = Traffic(settings.rate, _REPEATED)
            _load(settings, traffic, stop)
            verdict = _verified(settings, target, traffic, stop)
    except (SettingInvalid, PortTaken) as error:
        print(f"load: {error}", file=sys.stderr)
        return FAILED
    except EXPECTED_ERRORS as error:
        print(f"load: {error_line(error)}", file=sys.stderr)
        return FAILED
    if not verdict.holds or not traffic.accepted:
        return FAILED
    return STOPPED if stop.is_set and not settings.web_port else DONE


def _target(settings: Settings) -> Target:
    try:
        return on_this_machine(settings.port)
    except TargetMissing as error:
        raise TargetMissing(
            f"nothing runs on port {settings.port}: start it with make run, or name its port with make load PORT=…"
        ) from error


def _load(settings: Settings, traffic: Traffic, stop: StopFlag) -> None:
    progress = Progress(sys.stderr)
    url = f"http://{LOOPBACK}:{settings.port}"
    users = Users(traffic, url, stop)
    rate = f"{settings.rate:g} records a second" if settings.rate else "as fast as they are answered"
    if settings.web_port:
        print(
            f"Locust's page: http://{LOOPBACK}:{settings.web_port} ({rate}). Ctrl-C ends it, and verifies.", flush=True
        )

        def web_tell() -> None:
            if traffic.accepted:
                progress.show(f"{traffic.accepted:,} records accepted")

        users.serve(settings.web_port, LOOPBACK, web_tell)
    else:
        print(f"{count(settings.users, 'user')} to {url}/records for {settings.seconds:g} s, {rate}:", flush=True)

        def tell(seconds: float) -> None:
            failed = f", {traffic.failures.total():,} requests not accepted" if traffic.failures else ""
            if traffic.accepted or traffic.failures:
                each = f"{traffic.accepted:,} records accepted, {traffic.accepted / seconds:.0f}/s"
                progress.show(f"{seconds:.0f} of {settings.seconds:g} s: {each}{failed}")

        took = users.run(settings.users, [(settings.rate, settings.seconds)], tell)
        progress.end()
        print(f"{traffic.accepted:,} of {traffic.sent:,} records accepted in {took:.1f} s{_ended(traffic, stop)}.")
    progress.end()
    print(f"\n{summary(traffic)}\n", flush=True)


def _ended(traffic: Traffic, stop: StopFlag) -> str:
    if stop.is_set:
        return ", ended by Ctrl-C"
    return ", ended because no more receipts are kept" if traffic.receipts.full else ""


def summary(traffic: Traffic) -> str:
    rows: list[Sequence[str]] = [("kind", "requests", "records", "p50", "p95", "p99", "max")]
    for kind, of in traffic.kinds.items():
        figures = [milliseconds(each) for each in of.latencies.figures()]
        rows.append((kind, f"{of.latencies.count:,}", f"{of.records:,}", *figures))
    failures = [f"  {number:,} requests: {fault}" for fault, number in traffic.failures.most_common()]
    return "\n".join([table(rows, right=range(1, 7)), *failures])


def _verified(settings: Settings, target: Target, traffic: Traffic, stop: StopFlag) -> Verdict:
    """After Ctrl-C while the load ran, without waiting; a page is ended by it, so then it is waited."""
    waiting = StopFlag() if settings.web_port else stop
    progress = Progress(sys.stderr)
    verification = Verification(target, waiting, progress.show)
    with on_signals(waiting):
        verdict = verification.run(traffic.receipts, WAIT_SECONDS_MAX if settings.wait else 0)
    progress.end()
    print(verdict.text())
    return verdict


if __name__ == "__main__":
    sys.exit(main())
