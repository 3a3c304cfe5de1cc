"""`make load` against a running stack, and the verification of accepted records."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.load import verify
from dev.load.settings import LoadSettings
from dev.local.settings import SettingInvalid
from tests.harness.commands import command, interrupt, printed_until
from tests.harness.ports import free_ports
from tests.harness.stack import Stack


def post(stack: Stack, records: Iterable[dict[str, Any]]) -> str:
    answer = httpx.post(f"{stack['API_URL']}/records", json=list(records))
    assert answer.status_code == 202
    return answer.text


def verify_receipts(stack: Stack, path: Path, *answers: str, wait: bool = True) -> int:
    path.write_text("\n".join(answers))
    return verify.main([str(path), f"--local={stack.port}", *([] if wait else ["--no-wait"])])


def figure(output: str, name: str) -> int:
    found = re.search(rf"^  {name} +([\d,]+)$", output, re.MULTILINE)
    assert found, output
    return int(found[1].replace(",", ""))


def test_a_short_load_ends_by_itself_with_every_202_accounted_for(stack: Stack) -> None:
    run = command("dev.load", PORT=stack.port, USERS="3", RATE="100", SECONDS="3")
    output = run.communicate(timeout=300)[0]
    assert run.returncode == 0, output
    accepted = re.search(r"(\d+) of (\d+) records accepted in ", output)
    assert accepted, output
    assert accepted[1] == accepted[2] != "0"
    for kind in ("single", "array", "ndjson"):
        assert re.search(rf"^  {kind} +[\d,]+ +[\d,]+( +[\d,.]+ ms| +-){{4}}$", output, re.MULTILINE), output
    assert f"{accepted[1]} receipts: every 202 is accounted for" in output
    assert figure(output, "in the table") + figure(output, "superseded by a newer one") == int(accepted[1])
    assert figure(output, "lost") == 0


def test_ctrl_c_ends_a_load_with_a_summary(slow_stack: Stack) -> None:
    run = command("dev.load", PORT=slow_stack.port, USERS="2", RATE="6", SECONDS="600")
    printed_until(run, "records accepted, ")
    output = interrupt(run)
    assert run.returncode == 130, output
    assert "ended by Ctrl-C" in output
    assert "p99" in output
    assert "every 202 is accounted for" in output


def test_locusts_web_page_runs_the_same_users_on_loopback(stack: Stack) -> None:
    (web,) = free_ports(1)
    run = command("dev.load", PORT=stack.port, WEB=web, USERS="7")
    printed_until(run, f"Locust's page: http://127.0.0.1:{web}")
    with httpx.Client(base_url=f"http://127.0.0.1:{web}", transport=httpx.HTTPTransport(retries=5)) as page:
        form = page.get("/").text
        assert "Locust" in form
        assert re.search(r'"num_users": 7\b', form)
        assert page.post("/swarm", data={"user_count": "2", "spawn_rate": "2"}).json()["success"]
    printed_until(run, "records accepted")
    output = interrupt(run)
    assert run.returncode == 0, output
    assert "every 202 is accounted for" in output


def test_a_deleted_item_and_an_invented_receipt_are_lost(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = post(stack, ({"id": f"there-{n}"} for n in range(120)))
    assert verify_receipts(stack, tmp_path / "receipts", answer) == 0
    assert figure(capsys.readouterr().out, "in the table") == 120
    stack.client("dynamodb").delete_item(TableName=stack["RECORD_TABLE_NAME"], Key={"id": {"S": "there-7"}})
    never = json.dumps({"id": "never", "version": "01a2074d-f08d-7356-ac50-434b86e031a3"})
    assert verify_receipts(stack, tmp_path / "receipts", answer, never) == 1
    output = capsys.readouterr().out
    assert (figure(output, "in the table"), figure(output, "lost")) == (119, 2)
    assert "The first of the lost: there-7, never" in output


def test_of_an_id_that_was_sent_often_the_newest_version_is_in_the_table(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [post(stack, [{"id": "often", "n": n}, {"id": "often", "n": -n}]) for n in range(10)]
    assert verify_receipts(stack, tmp_path / "receipts", *reversed(answers)) == 0
    output = capsys.readouterr().out
    assert (figure(output, "in the table"), figure(output, "superseded by a newer one")) == (1, 19)


def test_records_that_a_slow_table_has_not_taken_yet_are_in_the_queue_and_later_in_the_table(
    slow_stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = post(slow_stack, ({"id": f"slow-{n}"} for n in range(6)))
    assert verify_receipts(slow_stack, tmp_path / "receipts", answer, wait=False) == 0
    output = capsys.readouterr().out
    assert figure(output, "in the table") + figure(output, "still in the queue") == 6
    assert verify_receipts(slow_stack, tmp_path / "receipts", answer) == 0
    captured = capsys.readouterr()
    assert figure(captured.out, "in the table") == 6


def test_a_load_without_a_running_stack_is_an_error() -> None:
    run = command("dev.load", PORT="1")
    assert "load: nothing runs on port 1: start it with make run" in run.communicate(timeout=300)[0]
    assert run.returncode == 1


@pytest.mark.parametrize("setting", ["USERS=0", "RATE=x", "SECONDS=0", "WEB=70000", "USERS=1.5", "WAIT=2"])
def test_an_invalid_setting_is_named(setting: str) -> None:
    with pytest.raises(SettingInvalid, match=f"^{re.escape(setting)}: a "):
        LoadSettings.from_environment(dict([setting.split("=")]))


def test_a_load_with_an_invalid_setting_names_it() -> None:
    run = command("dev.load", USERS="0")
    assert run.communicate(timeout=300)[0].startswith("load: USERS=0: a number from 1 to 1,000")
    assert run.returncode == 1
