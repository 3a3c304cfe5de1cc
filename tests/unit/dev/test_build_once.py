"""What the Makefile builds is built once, and never left half-built and marked complete."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dev import build_once
from dev.paths import ROOT
from tests.harness.commands import printed_until
from tests.harness.waiting import eventually

_SCRIPT = ROOT / "dev" / "build_once.py"
# Logs that it began, and ends when the test creates the file `go`: after 30 s at most, so that a failing test ends too.
_BUILD = """
mkdir -p built; echo began >>log
n=0; while [ ! -e go ] && [ $n -lt 1500 ]; do n=$((n + 1)); sleep 0.02; done
echo ended >>log
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lock.txt").touch()
    return tmp_path


def build(folder: Path, command: str = _BUILD) -> "subprocess.Popen[str]":
    options = ["--from", "lock.txt", "--says", "building"]
    return subprocess.Popen(
        [sys.executable, _SCRIPT, "built/.complete", *options, "--", "sh", "-ec", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def built(folder: Path, command: str = _BUILD) -> int:
    process = build(folder, command)
    process.communicate(timeout=60)
    return process.returncode


def log(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


def marker(folder: Path) -> Path:
    return folder / "built" / ".complete"


def test_of_two_at_once_one_builds_and_the_other_waits_for_it(folder: Path) -> None:
    first = build(folder)
    eventually(lambda: log(folder) == ["began"])
    second = build(folder)
    printed_until(second, "waiting for another build of built")
    assert not marker(folder).exists()
    (folder / "go").touch()
    assert "building" in first.communicate(timeout=60)[0]
    assert "building" not in second.communicate(timeout=60)[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert log(folder) == ["began", "ended"]
    assert marker(folder).exists()


def test_what_is_complete_is_not_built_again_until_its_source_changes(folder: Path) -> None:
    (folder / "go").touch()
    assert [built(folder), built(folder)] == [0, 0]
    assert log(folder) == ["began", "ended"]
    newer = marker(folder).stat().st_mtime + 10
    os.utime(folder / "lock.txt", (newer, newer))
    assert built(folder) == 0
    assert log(folder) == ["began", "ended"] * 2


def test_a_build_that_is_killed_is_not_complete_and_the_next_run_builds(folder: Path) -> None:
    killed = build(folder)
    eventually(lambda: log(folder) == ["began"])
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not marker(folder).exists()
    (folder / "go").touch()
    assert built(folder) == 0
    assert log(folder) == ["began", "began", "ended"]


def test_a_command_that_outlives_its_killed_build_keeps_the_lock_until_it_ends(folder: Path) -> None:
    killed = build(folder)
    eventually(lambda: log(folder) == ["began"])
    killed.kill()
    killed.wait()
    following = build(folder)
    printed_until(following, "waiting for another build of built")
    (folder / "go").touch()
    following.communicate(timeout=60)
    killed.communicate(timeout=60)
    assert following.returncode == 0
    assert log(folder) == ["began", "ended"] * 2


def test_a_failed_build_is_not_complete_even_where_an_older_one_was(folder: Path) -> None:
    (folder / "go").touch()
    assert built(folder) == 0
    os.utime(marker(folder), (0, 0))
    assert built(folder, "exit 3") == 3
    assert not marker(folder).exists()


def test_a_long_build_says_how_far_it_is_and_in_the_end_what_it_took(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(build_once, "_PROGRESS_SECONDS", 0.1)
    command = ["sh", "-ec", "mkdir built; head -c 3000000 /dev/zero >built/file; sleep 0.5"]
    assert build_once.main(["built/.complete", "--from", "lock.txt", "--says", "building", "--", *command]) == 0
    first, *progress, last = capsys.readouterr().out.splitlines()
    assert first == "building"
    assert re.fullmatch(r"  3 MB after \d s so far", progress[-1])
    assert re.fullmatch(r"built is ready: 3 MB after \d s", last)


def test_what_a_symbolic_link_points_to_is_left_alone(folder: Path) -> None:
    target = folder / "shared"
    target.mkdir()
    (folder / "built").symlink_to(target)
    marker(folder).touch()
    os.utime(marker(folder), (0, 0))
    process = build(folder)
    assert "built is a symbolic link, and older than lock.txt: rebuild its target" in process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert marker(folder).exists()
    assert log(folder) == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_two_makes_at_once_in_a_fresh_clone_make_one_environment_that_works(tmp_path: Path) -> None:
    for name in ("Makefile", "dev/build_once.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("# nothing\n")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "env", f"PYTHON={sys.executable}"]
    makes = [
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    outputs = [each.communicate(timeout=120)[0] for each in makes]
    assert [each.returncode for each in makes] == [0, 0], outputs
    assert "".join(outputs).count("making the environment .venv (") == 1
    pip: list[str | Path] = [tmp_path / ".venv" / "bin" / "python", "-m", "pip", "--version"]
    assert subprocess.run(pip, capture_output=True, check=False).returncode == 0
