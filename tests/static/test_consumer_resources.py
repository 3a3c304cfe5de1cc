"""The consumer's function, queue and role in the processed template, and how the backlog is counted."""

import json
import re

import pytest

from consumer.redelivery import FAILED_SECONDS_MAX
from ops.dead_letter_queue import RETENTION_MS
from tests.static.processed import TEMPLATE, processed

_BACKLOG = {"Visible", "NotVisible", "Delayed"}
"""Most of a backlog is in flight (NotVisible)."""


def test_the_consumer_may_do_what_it_calls_and_nothing_else() -> None:
    policy = processed().properties("ConsumerRole")["Policies"][0]["PolicyDocument"]
    allowed = {
        json.dumps(each["Resource"]): each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        for each in policy["Statement"]
    }
    arns = {name: json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in TEMPLATE["Resources"]}
    assert {name: set(allowed.pop(arn)) for name, arn in arns.items() if arn in allowed} == {
        "RecordTable": {"dynamodb:PutItem", "dynamodb:DescribeTable"},
        "RecordQueue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            "sqs:SendMessage",
        },
        "RecordDeadLetterQueue": {"sqs:SendMessage"},
        "ConsumerLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }
    assert allowed == {}


@pytest.mark.parametrize("given", [{}, {"ConsumerBatchSize": "100", "ConsumerBatchWindowSeconds": "20"}])
def test_the_event_source_mapping_has_the_given_batch_and_window(given: dict[str, str]) -> None:
    (mapping,) = processed(**given).of_type("AWS::Lambda::EventSourceMapping").values()
    properties = mapping["Properties"]
    defaults = {name: str(each.get("Default")) for name, each in TEMPLATE["Parameters"].items()}
    wanted = defaults | given
    assert properties["BatchSize"] == wanted["ConsumerBatchSize"]
    assert properties["MaximumBatchingWindowInSeconds"] == wanted["ConsumerBatchWindowSeconds"]
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_no_message_is_redelivered_while_its_batch_fills_or_is_processed() -> None:
    window = TEMPLATE["Parameters"]["ConsumerBatchWindowSeconds"]["MaxValue"]
    timeout = processed().properties("ConsumerFunction")["Timeout"]
    assert processed().properties("RecordQueue")["VisibilityTimeout"] >= window + timeout


def test_the_memory_of_each_function_is_a_parameter() -> None:
    stack = processed(ApiMemoryMegabytes="256", ConsumerMemoryMegabytes="1769")
    memory = {name: each["Properties"]["MemorySize"] for name, each in stack.of_type("AWS::Lambda::Function").items()}
    assert memory == {"ApiFunction": "256", "ConsumerFunction": "1769"}


def test_lambda_may_keep_as_many_invocations_free_for_the_consumer_as_its_event_source_starts() -> None:
    assert "ReservedConcurrentExecutions" not in processed().properties("ConsumerFunction")
    reserved = processed(ConsumerConcurrencyReserved="true", ConsumerMaximumConcurrency="7")
    assert reserved.properties("ConsumerFunction")["ReservedConcurrentExecutions"] == "7"


def test_lambda_does_not_take_a_renewed_message_for_a_recursive_loop() -> None:
    assert processed().properties("ConsumerFunction")["RecursiveLoop"] == "Allow"


def test_the_dashboards_name_is_the_stacks_and_the_regions_because_dashboards_are_global() -> None:
    stack = processed()
    name = stack.properties("Dashboard")["DashboardName"]["Fn::Sub"]
    assert name == "${AWS::StackName}-${AWS::Region}"
    assert stack.outputs["DashboardUrl"]["Value"]["Fn::Sub"].endswith(f"/{name}")


def test_the_misconfigured_alarm_stays_on_between_two_tries() -> None:
    alarm = processed().properties("MisconfiguredAlarm")
    assert alarm["DatapointsToAlarm"] == 1
    assert alarm["EvaluationPeriods"] * alarm["Period"] >= FAILED_SECONDS_MAX + alarm["Period"]


def test_both_queues_keep_a_message_as_long_as_the_operators_commands_say() -> None:
    for queue in ("RecordQueue", "RecordDeadLetterQueue"):
        assert processed().properties(queue)["MessageRetentionPeriod"] * 1000 == RETENTION_MS


def queue_metrics(text: str) -> set[str]:
    return set(re.findall(r"ApproximateNumberOfMessages(\w+)", text))


def test_the_backlog_alarm_counts_what_is_visible_in_flight_and_delayed() -> None:
    metrics = {each["Id"]: each for each in processed().properties("BacklogAlarm")["Metrics"]}
    assert queue_metrics(json.dumps(metrics)) == _BACKLOG
    for name in ("visible", "in_flight", "delayed"):
        assert f"FILL({name}, 0)" in metrics["backlog"]["Expression"]
        assert metrics[name]["ReturnData"] is False
    assert [name for name, each in metrics.items() if each.get("ReturnData", True)] == ["hours"]


def test_every_widget_that_shows_the_queue_shows_all_of_it() -> None:
    text = processed().properties("Dashboard")["DashboardBody"]["Fn::Sub"][0]
    widgets = json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", text))["widgets"]
    of_queue = [json.dumps(each) for each in widgets if "ApproximateNumberOf" in json.dumps(each)]
    assert len(of_queue) == 3
    for widget in of_queue:
        dead_letters = "RecordDeadLetterQueue" in widget  # nobody sends to it with a delay
        assert queue_metrics(widget) == (_BACKLOG - {"Delayed"} if dead_letters else _BACKLOG)


def test_deferred_messages_are_shown_beside_the_throttles() -> None:
    text = processed().properties("Dashboard")["DashboardBody"]["Fn::Sub"][0]
    widgets = json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", text))["widgets"]
    (names,) = [
        [metric[1] for metric in each["properties"]["metrics"]]
        for each in widgets
        if "throttles" in json.dumps(each["properties"].get("metrics"))
    ]
    assert names[:2] == ["throttles", "deferred"]
