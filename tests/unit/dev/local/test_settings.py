"""The local stack's settings: an invalid one is named, with its valid values."""

import os
import subprocess
import sys

import pytest

from dev.local.settings import LocalSettings, SettingInvalid


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "x"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("CONSOLE_PORT", "0"),
        ("OPEN", "2"),
        ("WCU", "0"),
        ("WCU", "1.5"),
        ("BURST_SECONDS", "301"),
        ("WCU", ""),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=f"^{name}={text}: "):
        LocalSettings.from_environment({name: text})


@pytest.mark.parametrize(
    ("one", "other"), [("PORT", "AWS_PORT"), ("PORT", "CONSOLE_PORT"), ("AWS_PORT", "CONSOLE_PORT")]
)
def test_one_port_for_two_servers_is_refused(one: str, other: str) -> None:
    with pytest.raises(SettingInvalid, match=f"{one} and {other} are both 9000"):
        LocalSettings.from_environment({one: "9000", other: "9000"})


def test_an_invalid_setting_is_a_message_and_not_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev.local"],
        env={**os.environ, "WCU": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "forebay: WCU=many: a whole number from 1 to 1,000,000\n")
