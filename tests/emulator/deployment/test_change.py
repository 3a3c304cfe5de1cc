"""A running stack that is changed: from the previous version, and in each of its parameters. What holds records stays,
and what is accepted from then on is stored by the new settings.

The emulator replaces a table under its old name and without its items, where AWS gives the new one a name of its own
and keeps the old one, as the template says; so no test counts the items of a replaced table. It does not replace one
whose key only gets another type, so types are changed together with the table. It knows neither auto scaling nor
alarms over several metrics: tests/static has those.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.local.deploy import STACK_NAME
from dev.paths import ROOT
from tests.emulator.deployment.emulator import Deployment, Emulator, emulator
from tests.harness.waiting import eventually

PREVIOUS = Path(__file__).with_name("previous_template.yaml")
"""A template with SnapStart, versions and an alias, as it was deployed before they were dropped. The functions' code is
today's; what a function of then sent is below, as it was sent."""
_KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/1"
_OPEN = {"Authorization": "NONE"}
_READINGS, _NUMBERED = "readings", "numbered"
_BY_TIME = {
    "ExistingTableName": _READINGS,
    "TablePartitionKey": "device",
    "TableSortKey": "time",
    "TableSortKeyType": "N",
}
_BY_NUMBER = {"ExistingTableName": _NUMBERED, "TablePartitionKeyType": "N"}
_REFUSED = {"IAM": 403, "JWT": 401}
"""What a request without credentials is answered with."""
_NOT_ON_THE_EMULATOR = {"BacklogAlarmHours", "TableReadCapacityUnitsMax", "TableWriteCapacityUnitsMax"}
_SENT_BEFORE = {
    '{"id":"42","n":2,"text":"\u0416"}': "01a20f0b-52f5-7100-ac61-738f58e23c78",
    '{"id":"42","n":1}': "01a20f0b-52f5-7100-ac61-738f58e23c77",
}
"""Messages of that version: their bodies, and their attribute `version`."""
_CHANGES: dict[str, dict[str, str]] = {
    "TableBillingMode": {"TableBillingMode": "PAY_PER_REQUEST"},
    "TableWriteCapacityUnits": {"TableWriteCapacityUnits": "700"},
    "TableReadCapacityUnits": {"TableReadCapacityUnits": "7"},
    "TablePartitionKey": {"TablePartitionKey": "device"},
    "TablePartitionKeyType": _BY_NUMBER,
    "TableSortKey": {"TableSortKey": "time"},
    "TableSortKeyType": _BY_TIME,
    "ExistingTableName": _BY_NUMBER,
    "ExistingTableEncryptionKeyArn": {**_BY_TIME, "ExistingTableEncryptionKeyArn": _KEY_ARN},
    "ConsumerMaximumConcurrency": {"ConsumerMaximumConcurrency": "5"},
    "ConsumerConcurrencyReserved": {"ConsumerConcurrencyReserved": "true"},
    "ConsumerBatchSize": {"ConsumerBatchSize": "10"},
    "ConsumerBatchWindowSeconds": {"ConsumerBatchWindowSeconds": "3"},
    "ConsumerMemoryMegabytes": {"ConsumerMemoryMegabytes": "256"},
    "Front": {"Front": "FunctionUrl", "ApiMaximumConcurrency": "20"},
    "Authorization": {"Authorization": "IAM"},
    "JwtIssuer": {"Authorization": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "records"},
    "JwtAudience": {"Authorization": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "a,b"},
    "CorsOrigins": {"CorsOrigins": "https://page.example"},
    "RequestsPerSecondMax": {"RequestsPerSecondMax": "500"},
    "RequestsAtOnceMax": {"RequestsAtOnceMax": "50"},
    "BacklogHoursMax": {"BacklogHoursMax": "48"},
    "ApiMemoryMegabytes": {"ApiMemoryMegabytes": "1024"},
    "ApiMaximumConcurrency": {"ApiMaximumConcurrency": "20"},
    "AlarmEmail": {"AlarmEmail": "owner@example.com"},
    "LogRetentionDays": {"LogRetentionDays": "7"},
    "AccessLog": {"AccessLog": "true"},
    "Tracing": {"Tracing": "true"},
    "EncryptionKeyArn": {"EncryptionKeyArn": _KEY_ARN},
    "Architecture": {"Architecture": "x86_64"},
}
"""For each parameter, what is changed."""


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with emulator() as aws:
        make_table(aws, _READINGS, device="S", time="N")
        make_table(aws, _NUMBERED, id="N")
        yield aws


@pytest.fixture(scope="module")
def created(aws: Emulator) -> Deployment:
    return aws.deploy(**_OPEN)


def make_table(aws: Emulator, name: str, **key: str) -> None:
    """With that key, given as names and types."""
    aws.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in key.items()],
        KeySchema=[
            {"AttributeName": each, "KeyType": kind} for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000},
    )


def record_for(changed: dict[str, str]) -> dict[str, Any]:
    """A record with the key that the table has then."""
    partition = 7 if changed.get("TablePartitionKeyType") == "N" else "seven"
    record: dict[str, Any] = {changed.get("TablePartitionKey", "id"): partition}
    if sort := changed.get("TableSortKey"):
        record[sort] = 1 if changed.get("TableSortKeyType") == "N" else "one"
    return record


def queues(deployment: Deployment) -> tuple[str, str]:
    return deployment.stack.record_queue_url, deployment.stack.record_dead_letter_queue_url


def ids(deployment: Deployment) -> set[str]:
    return {item["id"]["S"] for item in deployment.items()}


def test_every_parameter_has_a_change_here() -> None:
    parameters = set(yaml_parse((ROOT / "template.yaml").read_text())["Parameters"])
    assert _CHANGES.keys() | _NOT_ON_THE_EMULATOR == parameters


def stores(deployment: Deployment, change: dict[str, str]) -> bool:
    """Whether a record posted without credentials is accepted; then it is in the table, and no message is dead."""
    answer = deployment.api.post("/records", json=record_for(change))
    if answer.status_code == _REFUSED.get(change["Authorization"]):
        return False
    assert answer.status_code == 202, answer.text
    version = {"S": answer.json()["records"][0]["version"]}
    eventually(lambda: version in [item["_forebay"]["M"]["version"] for item in deployment.items()])
    letters = deployment.client("sqs").receive_message(QueueUrl=deployment.stack.record_dead_letter_queue_url)
    assert "Messages" not in letters
    return True


@pytest.mark.parametrize("parameter", _CHANGES)
def test_after_a_change_of_a_parameter_the_queues_are_the_same_and_records_are_stored(
    aws: Emulator, created: Deployment, parameter: str
) -> None:
    """Each change undoes the one before."""
    change = {**_OPEN, **_CHANGES[parameter]}
    changed = aws.deploy(**change)
    assert queues(changed) == queues(created)
    assert stores(changed, change) is (change["Authorization"] == "NONE")


def test_another_key_is_in_use_at_once_for_what_is_refused_and_for_what_is_stored(
    aws: Emulator, created: Deployment
) -> None:
    changed = aws.deploy(**_OPEN, **_BY_TIME)
    refused = changed.api.post("/records", json={"id": "b"}).json()
    assert {error["code"] for error in refused["errors"]} == {"key_invalid"}
    assert changed.api.post("/records", json={"device": "c", "time": 2}).status_code == 202
    key = {"device": {"S": "c"}, "time": {"N": "2"}}
    eventually(lambda: aws.client("dynamodb").get_item(TableName=_READINGS, Key=key).get("Item"))
    aws.deploy(**_OPEN)


def test_an_upgrade_in_place_keeps_items_backlog_and_dead_letters_and_drains_them() -> None:
    with emulator() as aws:
        before = aws.deploy_template(PREVIOUS, _OPEN)
        sqs, backlog, letters = aws.client("sqs"), *queues(before)
        assert before.api.post("/records", json={"id": "stored"}).status_code == 202
        eventually(lambda: ids(before) == {"stored"} and before.messages() == 0)
        before.stop_draining()
        accepted = [{"id": f"waiting {n}", "n": n} for n in range(25)]
        assert before.api.post("/records", json=accepted).status_code == 202
        for body, version in _SENT_BEFORE.items():
            attributes = {"version": {"DataType": "String", "StringValue": version}}
            sqs.send_message(QueueUrl=backlog, MessageBody=body, MessageAttributes=attributes)
        sqs.send_message(QueueUrl=backlog, MessageBody='{"id": "sent past the API"}')
        sqs.send_message(QueueUrl=letters, MessageBody="a dead letter")
        assert before.messages() == 28

        after = aws.deploy(**_OPEN)
        assert after.stack == before.stack
        assert after.messages() == 28
        assert ids(after) == {"stored"}
        lambdas = aws.client("lambda")
        assert lambdas.list_aliases(FunctionName=after.stack.api_function_name)["Aliases"] == []
        (mapping,) = lambdas.list_event_source_mappings()["EventSourceMappings"]
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        assert after.api.post("/records", json={"id": "after"}).status_code == 202
        eventually(lambda: after.messages() == 0)
        expected = {"stored", "sent past the API", "after", "42"} | {record["id"] for record in accepted}
        assert ids(after) == expected
        (newest,) = [item for item in after.items() if item["id"]["S"] == "42"]
        assert (newest["n"]["N"], newest["_forebay"]["M"]["version"]["S"]) == (
            "2",
            "01a20f0b-52f5-7100-ac61-738f58e23c78",
        )
        (letter,) = sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10)["Messages"]
        assert letter["Body"] == "a dead letter"


def test_a_stack_that_was_changed_can_be_deleted(aws: Emulator, created: Deployment) -> None:
    aws.deploy(**_OPEN, Front="FunctionUrl", ApiMaximumConcurrency="20")
    aws.delete()
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackName"] for each in stacks if each["StackName"] == STACK_NAME] == []
    assert created.stack.record_table_name in aws.client("dynamodb").list_tables()["TableNames"]
