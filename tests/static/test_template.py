"""The template is valid, and `sam build` makes artefacts that hold what Lambda needs and nothing else."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # comes with samtranslator
from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT
from telemetry.metrics import METRICS

SAM = ROOT / ".venv-sam" / "bin" / "sam"
_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())


def sam(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    return subprocess.run([SAM, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_template_is_valid() -> None:
    done = sam("validate", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    done = sam("build", "--build-dir", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize(
    ("function", "folder", "requirements"),
    [("ApiFunction", "api", "api.txt"), ("ConsumerFunction", "consumer", "consumer.txt")],
)
def test_an_artefact_holds_its_own_folder_records_and_its_own_dependencies(
    build: Path, function: str, folder: str, requirements: str
) -> None:
    artefact = build / function
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()} & {path.name for path in artefact.iterdir()}
    assert ours == {folder, "records", "telemetry"}
    for part in ours:
        sources = {path.relative_to(ROOT) for path in (ROOT / part).rglob("*.py")}
        files = {path.relative_to(artefact) for path in (artefact / part).rglob("*") if path.is_file()}
        bytecode = {path for path in files if path.suffix == ".pyc"}
        assert files - bytecode == sources
        # Bytecode of all sources, or of none if this machine has no Python of Lambda's version.
        assert len(bytecode) in {0, len(sources)}
    locked = set(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements" / requirements).read_text(), re.MULTILINE))
    installed = {tuple(path.name.removesuffix(".dist-info").split("-")) for path in artefact.glob("*.dist-info")}
    assert {(name.replace("_", "-"), version) for name, version in installed} == {
        (name.replace("_", "-"), version) for name, version in locked
    }


def test_artefacts_are_for_lambdas_python_and_architecture(build: Path) -> None:
    libraries = [path.name for path in build.rglob("*.so")]
    assert libraries
    assert all("cpython-313-aarch64-linux-gnu" in name for name in libraries), libraries


def test_every_setting_of_a_function_is_set_by_the_template_and_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    common = _TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    for function, settings in (("ApiFunction", "api/settings.py"), ("ConsumerFunction", "consumer/settings.py")):
        given = {*common, *_TEMPLATE["Resources"][function]["Properties"]["Environment"]["Variables"]}
        read = set(re.findall(r'(?:environment\[|environment\.get\(|required\()"(\w+)"', (ROOT / settings).read_text()))
        assert {name for name in read if not name.startswith("AWS_")} == given  # those are Lambda's own, or boto3's
        assert all(f"`{name}`" in documented for name in read)


def test_every_parameter_is_described_and_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    for name, parameter in _TEMPLATE["Parameters"].items():
        assert parameter["Description"].endswith(".")
        assert f"`{name}`" in documented


def test_no_statement_allows_everything() -> None:
    """Except for X-Ray's actions, which do not support resources, where tracing is on. SAM adds no role to these."""
    roles = [each["Properties"] for each in _TEMPLATE["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    functions = [each for each in _TEMPLATE["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    assert len(roles) == len(functions) == 2
    assert all("Role" in function["Properties"] for function in functions)
    assert not any("ManagedPolicyArns" in role for role in roles)
    statements = [
        statement
        for role in roles
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert statements
    traces = {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"}
    traced = {"Fn::If": ["Traced", traces, {"Ref": "AWS::NoValue"}]}
    assert [statement for statement in statements if "*" in json.dumps(statement)] == [traced] * 2


def test_what_costs_more_than_records_is_off_unless_an_owner_turns_it_on() -> None:
    parameters = _TEMPLATE["Parameters"]
    assert [parameters[name]["Default"] for name in ("AccessLog", "Tracing")] == ["false", "false"]
    function = _TEMPLATE["Globals"]["Function"]
    assert function["Tracing"] == {"Fn::If": ["Traced", "Active", "PassThrough"]}
    assert function["LoggingConfig"]["SystemLogLevel"] == "WARN"
    stage = _TEMPLATE["Resources"]["HttpApiStage"]["Properties"]
    assert stage["AccessLogSettings"]["Fn::If"][0] == "AccessLogged"
    assert "DetailedMetricsEnabled" not in stage["DefaultRouteSettings"]


def test_every_metric_of_an_alarm_or_a_widget_is_counted() -> None:
    watched = json.dumps(_TEMPLATE["Resources"])
    named = set(re.findall(r'"Namespace": "Forebay", "MetricName": "(\w+)"', watched))
    named |= set(re.findall(r'\[\\"Forebay\\", \\"(\w+)\\"', watched))
    assert {"accepted", "puts", "table_misconfigured", "dead_lettered"} <= named <= set(METRICS)


def test_the_dashboard_is_json_and_names_resources_of_the_stack() -> None:
    text, given = _TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(re.sub(r"\$\{[^}]+\}", "x", text))["widgets"]
    assert all({"type", "x", "y", "width", "height", "properties"} == widget.keys() for widget in widgets)
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    named = {name.partition(".")[0] for name in re.findall(r"\$\{([^}:]+)\}", text)}
    assert named <= {*_TEMPLATE["Resources"], *given}


def test_dead_letters_that_nobody_sends_back_alarm_again_before_the_first_expires() -> None:
    """Re-enqueued at ten days, at most 11.5 hours late; dead-lettered after 1,000 receives of 90 s."""
    alarm = _TEMPLATE["Resources"]["OldDeadLettersAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("ApproximateNumberOfMessagesVisible", "Maximum")
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"]["Fn::GetAtt"] == ["RecordDeadLetterQueue", "QueueName"]
    days_left = 14 - 10 - (11.5 + 1000 * 90 / 3600) / 24
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 2 * 86_400 < days_left * 86_400
    assert alarm["Threshold"] == 0


def test_the_apis_role_may_do_what_it_needs_and_nothing_else() -> None:
    (policy,) = _TEMPLATE["Resources"]["ApiRole"]["Properties"]["Policies"]
    statements = [each for each in policy["PolicyDocument"]["Statement"] if "Action" in each]  # the rest is optional
    allowed = {json.dumps(each["Resource"]): each["Action"] for each in statements}
    actions = {
        name: [action for resource, action in allowed.items() if name in resource]
        for name in ("RecordQueue", "RecordDeadLetterQueue", "RecordTable", "ApiLogs")
    }
    assert actions == {
        "RecordQueue": [["sqs:SendMessage", "sqs:GetQueueAttributes"]],
        "RecordDeadLetterQueue": [["sqs:SendMessage", "sqs:GetQueueAttributes"]],
        "RecordTable": [["dynamodb:GetItem", "dynamodb:DescribeTable"]],
        "ApiLogs": [["logs:CreateLogStream", "logs:PutLogEvents"]],
    }
    assert len(statements) == 4


def test_every_alarm_names_its_section_of_the_guide() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^### (.+)$", guide, re.MULTILINE)}
    alarms = [
        each["Properties"] for each in _TEMPLATE["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    links = [re.search(r"docs/operating\.md#([a-z-]+)$", alarm["AlarmDescription"]) for alarm in alarms]
    assert len(alarms) == 6
    assert {link and link[1] for link in links} == headings


def test_accepted_records_are_kept_when_the_stack_is_deleted() -> None:
    policies = {"RecordQueue": "RetainExceptOnCreate", "RecordDeadLetterQueue": "RetainExceptOnCreate"}
    for name, policy in {**policies, "RecordTable": "Retain"}.items():
        assert _TEMPLATE["Resources"][name]["DeletionPolicy"] == policy
        assert _TEMPLATE["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_template_has_no_yaml_aliases() -> None:
    """CloudFormation does not support them: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html"""
    tokens = yaml.scan((ROOT / "template.yaml").read_text())
    assert not [token for token in tokens if isinstance(token, yaml.AliasToken | yaml.AnchorToken)]


def test_lock_files_name_no_index_and_have_hashes() -> None:
    locks = list((ROOT / "requirements").glob("*.txt"))
    assert len(locks) == 7
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--hash=sha256:" in text
