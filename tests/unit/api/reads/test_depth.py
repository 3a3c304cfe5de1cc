"""The depth of a queue as the API reads it: delayed messages wait too."""

from typing import Any

from tests.unit.api.doubles import DynamoDb, app_of, request

_COUNTS = {
    "ApproximateNumberOfMessages": "1",
    "ApproximateNumberOfMessagesDelayed": "2",
    "ApproximateNumberOfMessagesNotVisible": "3",
}


class DelayingSqs:
    """Every queue has one visible, two delayed and three received messages."""

    def get_queue_attributes(self, *, AttributeNames: list[str], **_queue: Any) -> Any:  # noqa: N803 - boto3's
        return {"Attributes": {name: _COUNTS[name] for name in AttributeNames}}


def test_delayed_messages_are_among_those_that_wait() -> None:
    buffer = request(app_of(DelayingSqs()), "GET", "/buffer").json()
    assert (buffer["waiting"], buffer["in_flight"]) == (1 + 2, 3)


def test_the_time_to_empty_includes_delayed_messages() -> None:
    dynamodb = DynamoDb({})
    dynamodb.described = {"ItemCount": 1, "TableSizeBytes": 100}
    drain = request(app_of(DelayingSqs(), dynamodb), "GET", "/buffer").json()["drain"]
    assert drain["seconds"] == (1 + 2 + 3) * drain["write_units_per_record"] / drain["write_capacity_units"]
