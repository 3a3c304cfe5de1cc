"""`python -m ops plan` in this process: what it prints, and its parts."""

import argparse
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from ops import plan_command

GIVEN = {"rate": "50", "burst-rate": "2000", "burst-minutes": "10", "record-bytes": "1500", "write-units": "150"}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m ops")
    plan_command.add_to(made.add_subparsers(required=True))
    return made


def run(*more: str, **given: str) -> int:
    options = GIVEN | {name.replace("_", "-"): value for name, value in given.items()}
    return run_options([*(f"--{name}={value}" for name, value in options.items()), *more])


def run_options(options: Sequence[str]) -> int:
    arguments = parser().parse_args(["plan", *options])
    code: int = arguments.run(arguments)
    return code


def page(capsys: pytest.CaptureFixture[str], *more: str, **given: str) -> str:
    assert run(*more, **given) == 0
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], **given: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(page(capsys, "--json", **given))
    return loaded


def part(text: str, number: int) -> str:
    """One of the three, with its heading."""
    (found,) = re.findall(rf"^{number}\. .*?(?=\n\n(?! )|\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def words(text: str) -> str:
    """Without the ends of lines."""
    return " ".join(text.split())


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"  {name}  ")]
    return " ".join(line.split())
