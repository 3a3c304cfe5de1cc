"""`make run` and `make dev`: they start quickly, report what prevents it, and leave nothing behind."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dev.paths import ROOT
from tests.harness.commands import interrupt, printed_until
from tests.harness.ports import free_ports
from tests.harness.processes import needs_proc, processes, processes_in
from tests.harness.stack import Stack, addresses_file, make, start, wait_for_addresses
from tests.harness.waiting import eventually

# needs_proc skips a test before it starts anything: one that skipped half-way would leave its stack running.


def logs_folder(output: str) -> str:
    found = re.search(r"logs +(\S+)", output)
    assert found, output
    return found[1]


def printed_until_it_runs(run: "subprocess.Popen[str]") -> str:
    return printed_until(run, "Ctrl-C stops everything.")


@needs_proc
def test_it_starts_prints_a_curl_line_that_works_and_leaves_nothing_behind_twice_in_a_row() -> None:
    port, aws_port = free_ports(2)
    for number in (signal.SIGINT, signal.SIGTERM):
        run = start(port, aws_port)
        output = printed_until_it_runs(run)
        curl = re.search(r"curl -i (http://\S+/records) -H '(.+?)' -d '(.+?)'", output)
        assert curl, output
        assert httpx.post(curl[1], content=curl[3], headers=[tuple(curl[2].split(": "))]).status_code == 202
        # A worker of the consumer is a process that has to end, too.
        address = f"{curl[1]}/42"
        eventually(lambda address=address: httpx.get(address).status_code == 200)  # type: ignore[misc] # bound now
        console = re.search(r"console  (http://\S+)", output)
        assert console, output
        assert "Forebay" in httpx.get(console[1]).text
        folder = logs_folder(output)
        log = [json.loads(line) for line in (Path(folder) / "api.log").read_text().splitlines()]
        assert {"/records", "/records/{record_id:key}"} <= {line.get("route") for line in log}
        assert "records/42" not in json.dumps(log)  # an id is the record's content
        assert len(processes_in(folder)) >= 3
        interrupt(run, number)
        assert processes_in(folder) == []
        assert not Path(folder).exists()
        assert not addresses_file(port).exists()


@needs_proc
def test_sigterm_to_make_alone_stops_everything() -> None:
    port, aws_port = free_ports(2)
    run = start(port, aws_port)
    folder = logs_folder(printed_until_it_runs(run))
    os.kill(run.pid, signal.SIGTERM)
    run.communicate(timeout=30)
    eventually(lambda: not Path(folder).exists())  # make itself may end before what it started
    assert processes_in(folder) == []


def test_an_interrupt_while_it_starts_leaves_nothing_behind() -> None:
    port, aws_port = free_ports(2)
    run = start(port, aws_port)
    assert run.stdout
    run.stdout.readline()
    time.sleep(0.5)
    interrupt(run)
    wait_for_ports = [socket.socket() for _ in (port, aws_port)]
    for each, number in zip(wait_for_ports, (port, aws_port), strict=True):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        each.bind(("127.0.0.1", int(number)))
        each.close()
    assert not addresses_file(port).exists()


@pytest.mark.parametrize("variable", ["PORT", "AWS_PORT", "CONSOLE_PORT"])
def test_a_taken_port_is_named_with_the_variable_that_changes_it(variable: str) -> None:
    port, aws_port, console_port = free_ports(3)
    taken = {"PORT": port, "AWS_PORT": aws_port, "CONSOLE_PORT": console_port}[variable]
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(taken)))
        holder.listen()
        run = start(port, aws_port, CONSOLE_PORT=console_port)
        output = run.communicate(timeout=60)[0]
    assert run.returncode != 0
    assert f"port {taken} is taken; choose another with {variable}=" in output
    assert "Traceback" not in output


@needs_proc
def test_a_process_that_dies_ends_the_run_with_a_message() -> None:
    port, aws_port = free_ports(2)
    run = start(port, aws_port)
    wait_for_addresses(run, port)
    output = printed_until_it_runs(run)
    folder = logs_folder(output)
    (api,) = processes(lambda _, command: b"api.main:app" in command and f"\0--port\0{port}\0".encode() in command)
    os.kill(api, signal.SIGKILL)
    rest = run.communicate(timeout=30)[0]
    assert run.returncode != 0
    assert "api ended by itself" in rest
    assert processes_in(folder) == []


def test_the_emulator_ends_when_its_standard_input_closes() -> None:
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "GATEWAY_PORT": port,
        "BURST_SECONDS": "0",
        "STACK_TOKEN": "t",
        "IOT_MTLS_ENABLED": "0",
    }
    emulator = subprocess.Popen([sys.executable, "-m", "dev.local.emulator"], env=environment, stdin=subprocess.PIPE)
    assert emulator.stdin
    emulator.stdin.close()
    assert emulator.wait(timeout=30) == 0


# ── the user's own settings ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def hostile_environment(tmp_path: Path) -> dict[str, str]:
    """A proxy that does not answer, and AWS settings that name a profile that does not exist."""
    dead_proxy = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
    configuration = tmp_path / "config"
    configuration.write_text("[default]\nregion = elsewhere\n")
    kept = {name: text for name, text in os.environ.items() if name.lower() != "no_proxy" and name[:4] != "AWS_"}
    return {
        **kept,
        **dead_proxy,
        **{name.upper(): url for name, url in dead_proxy.items()},
        "AWS_PROFILE": "unknown",
        "AWS_DEFAULT_PROFILE": "unknown",
        "AWS_CONFIG_FILE": str(configuration),
        "AWS_SHARED_CREDENTIALS_FILE": str(configuration),
    }


def test_neither_proxies_nor_aws_profiles_of_the_user_reach_the_stack_and_its_commands(
    hostile_environment: dict[str, str],
) -> None:
    port, aws_port = free_ports(2)
    run = start(port, aws_port, environment=hostile_environment, WCU="1000")
    try:
        wait_for_addresses(run, port)
        for command, expected in (
            (make("burst", PORT=port, COUNT="20", BYTES="100"), "20 receipts: every 202 is accounted for"),
            (make("load", PORT=port, SECONDS="2", RATE="50"), "every 202 is accounted for"),
            (make("ops", ARGS=f"status --local={port}"), "the local stack on port"),
        ):
            done = subprocess.run(
                command, cwd=ROOT, env=hostile_environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert expected in done.stdout
    finally:
        interrupt(run)


# ── make dev ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_NOT_COPIED = (".git", ".venv*", ".lambda-runtime", ".local", ".test-output", ".*_cache", "node_modules", "__pycache__")
_EDIT = """

import records
import telemetry

_inner = app


async def app(scope, receive, send):
    if scope.get("path") != "/edited":
        await _inner(scope, receive, send)
        return
    edited = [name for name, module in (("records", records), ("telemetry", telemetry)) if hasattr(module, "EDITED")]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": " ".join(["api", *edited]).encode()})
"""

_BROKEN = "def broken(:\n"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project to edit, with the same environment."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    os.utime(folder / "requirements" / "dev.txt", (0, 0))  # or else make might want to make the environment again
    yield folder
    (folder / ".venv").unlink()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def edited(url: str) -> str:
    """Which edits the running API has."""
    try:
        answer = httpx.get(f"{url}/edited", timeout=1)
    except httpx.TransportError:
        return ""
    return answer.text if answer.status_code == 200 else ""


def exists_soon(path: Path) -> bool:
    deadline = time.monotonic() + 15
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return path.exists()


@needs_proc
def test_make_dev_restarts_the_api_after_every_edit_and_survives_a_broken_one(copy: Path) -> None:
    port, aws_port = free_ports(2)
    main = copy / "api" / "main.py"
    good = main.read_text()
    append(main, _BROKEN)
    run = start(port, aws_port, target="dev", folder=copy)
    try:
        printed_until(run, "SyntaxError")
        # Its process has failed before uvicorn watches the files: the first repair may go unseen.
        eventually(lambda: main.write_text(good) and exists_soon(addresses_file(port, copy)))
        stack = Stack(port, wait_for_addresses(run, port, copy))
        url, logs = stack["API_URL"], Path(stack["LOGS"])
        others = emulator_and_console(logs)
        assert len(others) == 2

        append(main, _EDIT)
        eventually(lambda: edited(url) == "api")
        append(copy / "records" / "__init__.py", "EDITED = True\n")
        eventually(lambda: edited(url) == "api records")
        append(copy / "telemetry" / "__init__.py", "EDITED = True\n")
        eventually(lambda: edited(url) == "api records telemetry")

        good = main.read_text()
        append(main, _BROKEN)
        eventually(lambda: (logs / "api.log").read_text().count("SyntaxError") == 2)
        assert edited(url) == ""
        assert httpx.get(stack["CONSOLE_URL"]).status_code == 200
        assert stack.messages() == 0
        main.write_text(good)
        eventually(lambda: edited(url) == "api records telemetry")
        assert httpx.post(f"{url}/records", json={"id": "after"}).status_code == 202
        eventually(lambda: httpx.get(f"{url}/records/after").status_code == 200)
        assert emulator_and_console(logs) == others
        stack.close()
    finally:
        output = interrupt(run)
    assert "SyntaxError" in output
    assert "stopping …" in output
    assert processes_in(str(logs)) == []
    assert not logs.exists()
    assert not addresses_file(port, copy).exists()


def emulator_and_console(folder: Path) -> set[int]:
    """Their process ids, of the stack whose private folder this is."""
    own = f"TMPDIR={folder}\0".encode()
    modules = (b"\0dev.local.emulator\0", b"\0dev.console\0")
    return set(processes(lambda environment, command: own in environment and any(each in command for each in modules)))


@needs_proc
def test_sigterm_to_make_dev_alone_stops_everything(copy: Path) -> None:
    port, aws_port = free_ports(2)
    run = start(port, aws_port, target="dev", folder=copy)
    folder = logs_folder(printed_until_it_runs(run))
    os.kill(run.pid, signal.SIGTERM)
    run.communicate(timeout=30)
    eventually(lambda: not Path(folder).exists())
    assert processes_in(folder) == []
