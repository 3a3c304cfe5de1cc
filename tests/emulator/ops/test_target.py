"""How the commands find their stack; an error is one plain line and exit code 1."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from ops.__main__ import main
from ops.errors import EXPECTED_ERRORS, error_line
from tests.emulator.ops.buffer import ACCESS, Buffer, Emulator
from tests.harness.ports import free_ports


def stack(emulator: Emulator, name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-queue"}}},
        "Outputs": {output: {"Value": text} for output, text in outputs.items()},
    }
    cloudformation = emulator.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


@pytest.fixture
def aws(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An operator's environment with the emulator as AWS, and without the settings of whoever runs the tests."""
    for name, text in {"AWS_ENDPOINT_URL": emulator.url, **ACCESS}.items():
        monkeypatch.setenv(name, text)
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command that fails. Returns its one line on standard error."""
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    return line


def test_a_stack_is_found_by_its_name(buffer: Buffer, aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    target = buffer.target
    stack(
        buffer.emulator,
        "other-forebay",
        {
            "RecordQueueUrl": target.record_queue_url,
            "RecordDeadLetterQueueUrl": target.record_dead_letter_queue_url,
            "RecordTableName": target.record_table_name,
            "RecordTableKey": "device:S,time:N",
        },
    )
    buffer.dead_letter('{"device":"d","time":1.50}', "put_refused")
    assert main(["dead-letters", "list", "--each", "--stack", "other-forebay"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("1 dead letter in other-forebay\n")
    assert "d / 1.5" in printed


def test_the_stack_is_forebay_by_default(aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    printed = failure(capsys, "status")
    assert printed.startswith("forebay: no stack forebay in us-east-1: name yours with --stack")


def test_the_region_can_be_given_as_aws_region(
    aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "no stack forebay in eu-west-1" in failure(capsys, "status")


def test_a_stack_that_is_not_forebays_is_refused(
    emulator: Emulator, aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(emulator, "not-forebay", {"Something": "else"})
    printed = failure(capsys, "status", "--stack", "not-forebay")
    assert printed == "forebay: the stack not-forebay is not one of Forebay's: it has no output RecordQueueUrl"


def test_a_local_stack_that_does_not_run_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    printed = failure(capsys, "status", "--local=1")
    assert (
        printed == "forebay: no local stack runs on port 1: start it with make run, or name its port with --local=PORT"
    )


def test_a_local_stack_that_does_not_answer_is_an_error(
    buffer: Buffer, addresses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (closed,) = free_ports(1)
    addresses.write_text(addresses.read_text().replace(buffer.emulator.url, f"http://127.0.0.1:{closed}"))
    assert failure(capsys, "dead-letters", "list", "--local=8123").startswith("forebay: AWS cannot be reached: ")


def test_the_local_stack_is_found_by_its_port_whatever_the_aws_settings_of_the_operator(
    addresses: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (closed,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{closed}")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert main(["status", "--local", "8123"]) == 0
    assert capsys.readouterr().out.startswith("the local stack on port 8123\n")


def test_missing_credentials_are_an_error(
    aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert failure(capsys, "status").startswith("forebay: no AWS credentials that work: ")


def test_a_missing_region_is_an_error(
    aws: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert failure(capsys, "status").startswith("forebay: no AWS region: set AWS_REGION")


def refused(code: str, message: str = "some\nthing") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "ReceiveMessage")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (refused("AccessDenied"), "AWS does not allow ReceiveMessage: some thing"),
        (refused("AccessDeniedException"), "AWS does not allow ReceiveMessage: some thing"),
        (refused("ExpiredToken"), "AWS does not accept the credentials (ExpiredToken)"),
        (refused("InternalError"), "ReceiveMessage failed: some thing (InternalError)"),
        (NoCredentialsError(), "no AWS credentials that work: Unable to locate credentials"),
        (ProfileNotFound(profile="p"), "no AWS credentials that work: The config profile (p) could not be found"),
        (NoRegionError(), "no AWS region: set AWS_REGION, or AWS_PROFILE to a profile with one"),
        (
            EndpointConnectionError(endpoint_url="http://sqs"),
            'AWS cannot be reached: Could not connect to the endpoint URL: "http://sqs"',
        ),
    ],
)
def test_every_expected_error_is_one_plain_line(error: Any, line: str) -> None:
    assert isinstance(error, EXPECTED_ERRORS)
    assert error_line(error) == line
