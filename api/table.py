"""The table's edge, for reading: one item by its key."""

from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from api.problems import TableUnavailable
from records.item import Item, Provenance, from_item
from records.key import KeySchema
from records.text import Value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class RecordTable:
    def __init__(self, client: "DynamoDBClient", name: str, key_schema: KeySchema) -> None:
        self._client = client
        self._name = name
        self._key_schema = key_schema

    def get(self, key: str) -> tuple[dict[str, Value], Provenance | None] | None:
        """The record of that key as last put, and its provenance; None when there is none (yet). Blocks."""
        try:
            answer = self._client.get_item(
                TableName=self._name, Key={self._key_schema.partition: {"S": key}}, ConsistentRead=True
            )
        except (BotoCoreError, ClientError) as error:
            raise TableUnavailable("the table did not answer; try again") from error
        item = answer.get("Item")
        return None if item is None else from_item(cast("Item", item))
