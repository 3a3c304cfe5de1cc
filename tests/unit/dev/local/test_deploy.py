"""What `make run` is told, and what it deploys."""

import os
import socket
import subprocess
import sys

import pytest

from dev.local.deploy import with_literal_numbers
from dev.local.ports import PortTaken, claim
from dev.local.settings import SettingInvalid, Settings


def test_a_taken_port_is_named_with_the_variable_that_changes_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} is taken.*AWS_PORT="):
            claim(port, "AWS_PORT")
    claim(port, "AWS_PORT")


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
        Settings.from_environment({name: text})


@pytest.mark.parametrize(
    ("one", "other"), [("PORT", "AWS_PORT"), ("PORT", "CONSOLE_PORT"), ("AWS_PORT", "CONSOLE_PORT")]
)
def test_one_port_for_two_is_refused(one: str, other: str) -> None:
    with pytest.raises(SettingInvalid, match=f"{one} and {other} are both 9000"):
        Settings.from_environment({one: "9000", other: "9000"})


def test_a_bad_setting_is_a_message_and_not_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev.local"],
        env={**os.environ, "WCU": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "forebay: WCU=many: a whole number from 1 to 1,000,000\n")


def test_references_to_numbers_become_numbers() -> None:
    template = {
        "Parameters": {
            "Units": {"Type": "Number", "Default": 5},
            "Given": {"Type": "Number", "Default": 5},
            "Text": {"Type": "String", "Default": "5"},
        },
        "Resources": {
            "Table": {"Units": {"Ref": "Units"}, "List": [{"Ref": "Given"}, {"Ref": "Text"}, {"Ref": "Table"}]}
        },
    }
    assert with_literal_numbers(template, {"Given": "7"})["Resources"] == {
        "Table": {"Units": 5, "List": [7, {"Ref": "Text"}, {"Ref": "Table"}]}
    }
