"""`python -m dev.load` (`make load`): users against the running local stack, and then: is every 202 accounted for?"""

import os
import sys
from collections.abc import Sequence

import locust  # noqa: F401 - before everything that opens connections: it makes them cooperative (gevent)

from dev.load.latencies import FIGURES, milliseconds_row
from dev.load.locust_runner import LocustRunner
from dev.load.settings import LoadSettings
from dev.load.traffic import Traffic
from dev.load.verify import WAIT_SECONDS_MAX, Verdict, Verification
from dev.local.loopback import LOOPBACK
from dev.local.ports import PortTaken, require_free
from dev.local.settings import SettingInvalid
from ops.command import DONE, FAILED, STOPPED
from ops.errors import EXPECTED_ERRORS, error_line
from ops.formatting import count, table
from ops.progress import Progress
from ops.stop import StopFlag, on_signals
from ops.target import Target, TargetMissing, on_this_machine

_REPEATED = 0.1
"""The share of records with a repeated id, so that newer versions supersede older ones."""


def main() -> int:
    """0 only when records were accepted and every one of them is accounted for; 130 after Ctrl-C."""
    stop = StopFlag()
    try:
        settings = LoadSettings.from_environment(os.environ)
        target = _target(settings)
        if settings.web_port:
            require_free(settings.web_port, "WEB")
        with on_signals(stop):
            traffic = Traffic(settings.rate, _REPEATED)
            _run_users(settings, traffic, stop)
            verdict = _verify(settings, target, traffic, stop)
    except (SettingInvalid, PortTaken) as error:
        print(f"load: {error}", file=sys.stderr)
        return FAILED
    except EXPECTED_ERRORS as error:
        print(f"load: {error_line(error)}", file=sys.stderr)
        return FAILED
    if not verdict.holds or not traffic.accepted:
        return FAILED
    return STOPPED if stop.is_set and not settings.web_port else DONE


def _target(settings: LoadSettings) -> Target:
    try:
        return on_this_machine(settings.port)
    except TargetMissing as error:
        raise TargetMissing(
            f"nothing runs on port {settings.port}: start it with make run, or name its port with make load PORT=…"
        ) from error


def _run_users(settings: LoadSettings, traffic: Traffic, stop: StopFlag) -> None:
    url = f"http://{LOOPBACK}:{settings.port}"
    rate = f"{settings.rate:g} records a second" if settings.rate else "as fast as they are answered"
    runner = LocustRunner(traffic, url, stop)
    if settings.web_port:
        page = f"http://{LOOPBACK}:{settings.web_port}"
        users = count(settings.users, "user")
        print(f"Locust's page: {page} ({users}, {rate}). Ctrl-C ends the load and verifies it.", flush=True)
        _serve_page(settings.web_port, settings.users, traffic, runner)
    else:
        print(f"{count(settings.users, 'user')} to {url}/records for {settings.seconds:g} s, {rate}:", flush=True)
        took = _run_for(settings, traffic, runner)
        ended = _ended_early(traffic, stop)
        print(f"{traffic.accepted:,} of {traffic.sent:,} records accepted in {took:.1f} s{ended}.")
    print(f"\n{summary(traffic)}\n", flush=True)


def _serve_page(port: int, users: int, traffic: Traffic, runner: LocustRunner) -> None:
    progress = Progress(sys.stderr)

    def on_progress() -> None:
        if traffic.accepted:
            progress.show(f"{traffic.accepted:,} records accepted")

    runner.serve(port, LOOPBACK, users, on_progress)
    progress.end()


def _run_for(settings: LoadSettings, traffic: Traffic, runner: LocustRunner) -> float:
    """The seconds that it took."""
    progress = Progress(sys.stderr)

    def on_progress(seconds: float) -> None:
        failed = f", {traffic.failures.total():,} requests not accepted" if traffic.failures else ""
        if traffic.accepted or traffic.failures:
            accepted = f"{traffic.accepted:,} records accepted, {traffic.accepted / seconds:.0f}/s"
            progress.show(f"{seconds:.0f} of {settings.seconds:g} s: {accepted}{failed}")

    took = runner.run(settings.users, [(settings.rate, settings.seconds)], on_progress)
    progress.end()
    return took


def _ended_early(traffic: Traffic, stop: StopFlag) -> str:
    if stop.is_set:
        return ", ended by Ctrl-C"
    return ", ended because no more receipts can be kept" if traffic.receipts.full else ""


def summary(traffic: Traffic) -> str:
    """A table of the accepted requests by kind, and the failures."""
    rows: list[Sequence[str]] = [("kind", "requests", "records", *FIGURES)]
    for kind, stats in traffic.kinds.items():
        rows.append((kind, f"{stats.latencies.count:,}", f"{stats.records:,}", *milliseconds_row(stats.latencies)))
    failures = [f"  {number:,} requests: {failure}" for failure, number in traffic.failures.most_common()]
    return "\n".join([table(rows, right=range(1, 7)), *failures])


def _verify(settings: LoadSettings, target: Target, traffic: Traffic, stop: StopFlag) -> Verdict:
    """After Ctrl-C it does not wait for the queue to drain, except where Ctrl-C is how to end Locust's page."""
    verification_stop = StopFlag() if settings.web_port else stop
    progress = Progress(sys.stderr)
    verification = Verification(target, verification_stop, progress.show)
    with on_signals(verification_stop):
        verdict = verification.run(traffic.receipts, WAIT_SECONDS_MAX if settings.wait else 0)
    progress.end()
    print(verdict.text())
    return verdict


if __name__ == "__main__":
    sys.exit(main())
