"""`api.main:app` as uvicorn starts it."""

import os
import subprocess
import sys

import pytest

from dev.paths import ROOT

_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "RECORD_QUEUE_URL": "http://127.0.0.1:1/records",
    "RECORD_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/dead-letters",
    "RECORD_TABLE_NAME": "records",
    "RECORD_TABLE_KEY": "id:S",
}


@pytest.mark.parametrize("missing", _SETTINGS)
def test_without_a_setting_uvicorn_ends_with_one_line_that_says_where_to_find_it(missing: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RECORD_"))}
    environment |= {name: value for name, value in _SETTINGS.items() if name != missing}
    command = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"{missing} is not set" in line
    assert ".local/PORT.env" in line
