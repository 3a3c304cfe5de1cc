"""`python -m dev.local` (`make run`): the whole system on this machine, until Ctrl-C or SIGTERM.

With `--reload` (`make dev`) the API restarts whenever its sources change, and its log is on the terminal.
"""

import argparse
import os
import signal
import sys
import time
import webbrowser

from dev.local.deploy import DeployFailed
from dev.local.ports import PortTaken
from dev.local.processes import ProcessFailed, StartCancelled, StopRequest
from dev.local.settings import LocalSettings, SettingInvalid
from dev.local.stack import RELOADED, RunningStack, running_stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.local", description="The whole system on this machine.")
    parser.add_argument("--reload", action="store_true", help="restart the API whenever its sources change")
    reload: bool = parser.parse_args().reload
    stop = StopRequest()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Only a flag: what was begun is finished or undone in order, however often the signal comes.
        signal.signal(number, lambda *_: stop.make())
    began = time.monotonic()
    try:
        settings = LocalSettings.from_environment(os.environ)
        print("starting the local AWS, deploying template.yaml, starting API and console …", flush=True)
        with running_stack(settings, stop, reload=reload) as stack:
            print(_welcome(settings, stack, time.monotonic() - began, reload=reload), flush=True)
            if settings.open:
                webbrowser.open(stack.console_url)
            while not stop.wait(0.5):
                for process in stack.processes:
                    process.check()
            print("\nstopping …", flush=True)
    except StartCancelled:
        pass
    except (SettingInvalid, PortTaken, ProcessFailed, DeployFailed) as error:
        print(f"forebay: {error}", file=sys.stderr)
        return 1
    return 0


def _welcome(settings: LocalSettings, stack: RunningStack, seconds: float, *, reload: bool) -> str:
    url = stack.api_url
    burst = f"{settings.burst_seconds:g} s of burst credit" if settings.burst_seconds else "no burst credit"
    return f"""
Forebay runs ({seconds:.1f} s): a table of {settings.wcu} write units a second, {burst}.

  console  {stack.console_url}
  api      {url}
  docs     {url}/docs
  aws      {stack.aws_url}
  logs     {stack.logs}

Accept a record, and read it back from the table a moment later:

  curl -i {url}/records -H 'content-type: application/json' -d '{{"id": "42", "temperature": 21.5}}'
  curl -i {url}/records/42

Send the burst from another terminal: make burst PORT={settings.port}
{_RELOADS if reload else ""}Ctrl-C stops everything.
"""


_RELOADS = f"""The API restarts whenever a file in {"/, ".join(RELOADED)}/ changes, and its log is shown here.
The consumer stays as it was deployed: restart the stack to change it.
"""


if __name__ == "__main__":
    sys.exit(main())
