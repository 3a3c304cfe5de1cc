"""The locks: what runs is what is tested, and who only runs it needs no more than that."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dev.paths import ROOT

_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["run.txt", "api.txt", "consumer.txt"])
def test_versions_are_those_that_are_tested(name: str) -> None:
    assert pins(name)
    assert pins(name).items() <= pins("dev.txt").items()


@pytest.mark.parametrize("path", _LOCKS, ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert len(re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)) == len(re.findall(r"== *\S+.*\\\n +--hash=", text))
    assert "://" not in text


def test_who_runs_a_local_stack_gets_nothing_that_only_tests_and_benchmarks_need() -> None:
    large = {"playwright", "matplotlib", "numpy", "mypy", "ruff", "uv", "schemathesis", "hypothesis", "pillow"}
    assert large <= pins("dev.txt").keys()
    assert not large & pins("run.txt").keys()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["run", "dev", "load", "report", "ops", "plan"])
def test_the_whole_environment_serves_where_it_exists_and_else_the_small_one(tmp_path: Path, target: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

    def commands() -> str:
        command = ["make", "--dry-run", target]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    assert "-r requirements/run.txt" in commands()
    assert ".venv-run/bin/python -m" in commands()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".complete").touch()
    assert "requirements" not in commands()
    assert "exec .venv/bin/python -m" in commands()
