"""The stack created, deleted and created again under the same name: what holds records is kept, and nothing prevents
the second creation.

The emulator derives the names of queues and tables from the stack's name alone, where AWS adds a random part. A second
stack therefore replaces what the first one left with empty ones; on AWS both exist. So the test checks what was kept
before it creates the second stack, and gives that stack the kept table, as an owner would who wants to go on using it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.deployment.emulator import Deployment, Emulator, emulator
from tests.harness.waiting import eventually

_WITH_ALL_PARTS = {"Authorization": "NONE", "AlarmEmail": "owner@example.com", "CorsOrigins": "https://page.example"}
_KEPT = {"tables", "queues"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with emulator() as aws:
        yield aws


def resources(aws: Emulator) -> dict[str, list[str]]:
    """The names of everything that the template creates, by kind."""

    def names(service: str, operation: str, key: str, name: str | None) -> list[str]:
        found: list[Any] = getattr(aws.client(service), operation)().get(key, [])
        return sorted(each[name] if name else each for each in found)

    return {
        "tables": names("dynamodb", "list_tables", "TableNames", None),
        "queues": names("sqs", "list_queues", "QueueUrls", None),
        "functions": names("lambda", "list_functions", "Functions", "FunctionName"),
        "event source mappings": names("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        "APIs": names("apigatewayv2", "get_apis", "Items", "ApiId"),
        "log groups": names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "roles": names("iam", "list_roles", "Roles", "RoleName"),
        "alarms": names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "topics": names("sns", "list_topics", "Topics", "TopicArn"),
        "subscriptions": names("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    }


def accept(deployment: Deployment, record: dict[str, Any]) -> None:
    """Posts the record, and waits until it is in the table."""
    assert deployment.api.post("/records", json=record).status_code == 202
    eventually(lambda: deployment.api.get(f"/records/{record['id']}").status_code == 200)


def test_a_deleted_stack_leaves_its_table_and_queues_and_can_be_created_again(aws: Emulator) -> None:
    assert set().union(*resources(aws).values()) == set()

    first = aws.deploy(**_WITH_ALL_PARTS)
    accept(first, {"id": "first", "n": 1})
    sqs, letters = aws.client("sqs"), first.stack.record_dead_letter_queue_url
    sqs.send_message(QueueUrl=letters, MessageBody="a dead letter")
    made = resources(aws)
    assert [kind for kind, names in made.items() if not names] == []
    assert (len(made["tables"]), len(made["queues"])) == (1, 2)

    aws.delete()
    left = resources(aws)
    assert {kind for kind, names in left.items() if names} == _KEPT
    assert {kind: left[kind] for kind in _KEPT} == {kind: made[kind] for kind in _KEPT}
    assert [item["id"] for item in first.items()] == [{"S": "first"}]
    (message,) = sqs.receive_message(QueueUrl=letters, VisibilityTimeout=0)["Messages"]
    assert message["Body"] == "a dead letter"
    dynamodb, table = aws.client("dynamodb"), first.stack.record_table_name
    with pytest.raises(dynamodb.exceptions.ClientError, match="protected against deletion"):
        dynamodb.delete_table(TableName=table)

    second = aws.deploy(**_WITH_ALL_PARTS, ExistingTableName=table)
    assert {kind: len(names) for kind, names in resources(aws).items()} == {
        kind: len(names) for kind, names in made.items()
    }
    assert second.api.get("/records/first").json() == {"id": "first", "n": 1}
    accept(second, {"id": "first", "n": 2})
    accept(second, {"id": "second"})
    eventually(lambda: second.messages() == 0)
    assert second.api.get("/records/first").json() == {"id": "first", "n": 2}

    aws.delete()
    assert {kind for kind, names in resources(aws).items() if names} == _KEPT
    assert len(second.items()) == 2

    third = aws.deploy(**_WITH_ALL_PARTS)
    accept(third, {"id": "third"})
