"""`make run`: starts at once, tells what stands in its way, and leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.harness.ports import free_ports
from tests.harness.processes import needs_proc, processes, processes_in
from tests.harness.stack import addresses_file, interrupt, start, wait_for_addresses

# Before anything is started: a test that skips half-way would leave its stack running.


def logs_folder(output: str) -> str:
    found = re.search(r"logs +(\S+)", output)
    assert found, output
    return found[1]


def printed_until_it_runs(run: "subprocess.Popen[str]") -> str:
    assert run.stdout
    lines = []
    for line in run.stdout:
        lines.append(line)
        if "Ctrl-C stops everything." in line:
            return "".join(lines)
    pytest.fail("".join(lines))


@needs_proc
def test_it_starts_prints_a_curl_line_that_works_and_leaves_nothing_behind_twice_in_a_row() -> None:
    port, aws_port = free_ports(2)
    for number in (signal.SIGINT, signal.SIGTERM):
        run = start(port, aws_port)
        output = printed_until_it_runs(run)
        curl = re.search(r"curl -i (http://\S+/records) -H '(.+?)' -d '(.+?)'", output)
        assert curl, output
        assert httpx.post(curl[1], content=curl[3], headers=[tuple(curl[2].split(": "))]).status_code == 202
        # A worker of the consumer, too, is a process to end.
        deadline = time.monotonic() + 20
        while httpx.get(f"{curl[1]}/42").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
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
    deadline = time.monotonic() + 20  # make itself may be gone before what it started
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_in(folder) == []
    assert not Path(folder).exists()


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
def test_a_process_that_dies_ends_the_run_and_says_so() -> None:
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


def test_the_emulator_ends_when_whoever_started_it_is_killed() -> None:
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
