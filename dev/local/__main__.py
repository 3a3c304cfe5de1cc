"""`python -m dev.local` (`make run`): the whole system on this machine, until Ctrl-C or SIGTERM."""

import os
import signal
import sys
import time
import webbrowser

from dev.local.deploy import DeployFailed
from dev.local.ports import PortTaken
from dev.local.processes import ProcessFailed, Stopped, StopRequest
from dev.local.settings import SettingInvalid, Settings
from dev.local.stack import Running, running


def main() -> int:
    stop = StopRequest()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Only a flag: what was begun is finished or undone in order, however often the signal comes.
        signal.signal(number, lambda *_: stop.make())
    began = time.monotonic()
    try:
        settings = Settings.from_environment(os.environ)
        print("starting the local AWS, deploying template.yaml, starting API and console …", flush=True)
        with running(settings, stop) as run:
            print(_welcome(settings, run, time.monotonic() - began), flush=True)
            if settings.open:
                webbrowser.open(run.console_url)
            while not stop.wait(0.5):
                for process in run.processes:
                    process.check()
            print("\nstopping …", flush=True)
    except Stopped:
        pass
    except (SettingInvalid, PortTaken, ProcessFailed, DeployFailed) as error:
        print(f"forebay: {error}", file=sys.stderr)
        return 1
    return 0


def _welcome(settings: Settings, run: Running, seconds: float) -> str:
    url = run.api_url
    burst = f"{settings.burst_seconds:g} s of burst credit" if settings.burst_seconds else "no burst credit"
    return f"""
Forebay runs ({seconds:.1f} s): a table of {settings.wcu} write units a second, {burst}.

  console  {run.console_url}
  api      {url}
  docs     {url}/docs
  aws      {run.aws_url}
  logs     {run.logs}

Accept a record, and read it back from the table a moment later:

  curl -i {url}/records -H 'content-type: application/json' -d '{{"id": "42", "temperature": 21.5}}'
  curl -i {url}/records/42

Send the burst from another terminal: make burst PORT={settings.port}
Ctrl-C stops everything.
"""


if __name__ == "__main__":
    sys.exit(main())
