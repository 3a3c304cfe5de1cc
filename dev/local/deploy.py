"""Deploys the project's own template.yaml through CloudFormation, as `sam package` and `sam deploy` do on AWS.

One thing differs from AWS: the functions' zips hold the sources only. Their dependencies come from the environment that
the emulator runs in, because the artefacts of `sam build` are for Lambda's Python and system, not for this machine's.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT

Json: TypeAlias = dict[str, Any]

STACK_NAME = "forebay"
_BUCKET = "forebay-artefacts"
_FUNCTION_FOLDERS = {"ApiFunction": "api", "ConsumerFunction": "consumer"}


class DeployFailed(Exception):
    """CloudFormation did not create the stack; the message is CloudFormation's."""


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The outputs of the deployed template that the local stack and the tests need."""

    api_url: str
    """Where AWS would answer."""
    http_api_id: str
    """Empty where the front is a function URL."""
    api_function_name: str
    record_queue_url: str
    record_dead_letter_queue_url: str
    record_table_key: str
    record_table_name: str


def deploy(
    session: boto3.session.Session,
    aws_url: str,
    parameters: Mapping[str, str],
    template: Path = ROOT / "template.yaml",
) -> StackOutputs:
    """Creates the stack with these parameters, or changes it if it is there, and waits until that is complete.

    Raises `DeployFailed`.
    """
    try:
        return _deploy(session, aws_url, parameters, yaml_parse(template.read_text()))
    except (BotoCoreError, ClientError) as error:
        raise DeployFailed(f"template.yaml could not be deployed: {error}") from error


def _deploy(
    session: boto3.session.Session, aws_url: str, parameters: Mapping[str, str], template: Json
) -> StackOutputs:
    s3 = session.client("s3", endpoint_url=aws_url)
    cloudformation = session.client("cloudformation", endpoint_url=aws_url)
    s3.create_bucket(Bucket=_BUCKET)
    for logical_id, folder in _FUNCTION_FOLDERS.items():
        content = _zip(folder)
        key = f"{hashlib.sha256(content).hexdigest()}.zip"
        s3.put_object(Bucket=_BUCKET, Key=key, Body=content)
        template["Resources"][logical_id]["Properties"]["CodeUri"] = {"Bucket": _BUCKET, "Key": key}
    # The global one is a folder of this machine, which CloudFormation cannot read.
    del template["Globals"]["Function"]["CodeUri"]
    exists = any(each["StackName"] == STACK_NAME for each in cloudformation.describe_stacks()["Stacks"])
    change = cloudformation.update_stack if exists else cloudformation.create_stack
    change(
        StackName=STACK_NAME,
        TemplateBody=json.dumps(with_literal_numbers(template, parameters)),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        complete = cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete")
        complete.wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        ]
        raise DeployFailed(f"template.yaml could not be deployed: {'; '.join(reasons) or error}") from error
    (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return StackOutputs(
        api_url=outputs["ApiUrl"],
        http_api_id=outputs.get("HttpApiId", ""),
        api_function_name=outputs["ApiFunctionName"],
        record_queue_url=outputs["RecordQueueUrl"],
        record_dead_letter_queue_url=outputs["RecordDeadLetterQueueUrl"],
        record_table_key=outputs["RecordTableKey"],
        record_table_name=outputs["RecordTableName"],
    )


def with_literal_numbers(template: Json, given: Mapping[str, str]) -> Json:
    """The template with each reference to a parameter of type Number replaced by its value.

    CloudFormation converts the parameter's text to the number that the resource needs. MiniStack leaves it as text, and
    then its poller and every calculation with a table's capacity fail.
    """
    numbers = {
        name: _number(given.get(name, str(parameter.get("Default"))))
        for name, parameter in template["Parameters"].items()
        if parameter["Type"] == "Number"
    }

    def replaced(node: Any) -> Any:  # noqa: ANN401 - any part of a template
        if isinstance(node, dict):
            if node.keys() == {"Ref"} and node["Ref"] in numbers:
                return numbers[node["Ref"]]
            return {name: replaced(part) for name, part in node.items()}
        return [replaced(part) for part in node] if isinstance(node, list) else node

    return {**template, "Resources": replaced(template["Resources"])}


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _zip(folder: str) -> bytes:
    """The function's own folder, records/ and telemetry/: the same bytes for the same sources."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _sources(folder):
            archive.writestr(zipfile.ZipInfo(path.relative_to(ROOT).as_posix()), path.read_bytes())
    return buffer.getvalue()


def _sources(folder: str) -> Iterator[Path]:
    for part in (folder, "records", "telemetry"):
        yield from sorted((ROOT / part).rglob("*.py"))
