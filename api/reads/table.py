"""Reads from DynamoDB: one item by its key, and the table's description."""

import logging
from typing import TYPE_CHECKING, cast

from api.problems import TableReadFailed
from api.reads.calls import CallFailed, Calls
from records.item import Item, Provenance, from_item
from records.json_text import Value
from records.key import Key, KeySchema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

log = logging.getLogger(__name__)


class TableReader:
    def __init__(self, name: str, key_schema: KeySchema, calls: "Calls[DynamoDBClient]") -> None:
        self._name = name
        self._key_schema = key_schema
        self._calls = calls

    async def get(self, key: Key) -> tuple[dict[str, Value], Provenance | None] | None:
        """The record of that key as last put, and its provenance; None when the table does not have it (yet).

        Raises `TableReadFailed`.
        """
        wanted = self._key_schema.attribute_values(key)
        if wanted is None:
            return None
        try:
            answer = await self._calls(
                lambda dynamodb: dynamodb.get_item(TableName=self._name, Key=wanted, ConsistentRead=True)
            )
        except CallFailed as error:
            raise _read_failed(error) from error
        item = answer.get("Item")
        return None if item is None else from_item(cast("Item", item))

    async def describe(self) -> "TableDescriptionTypeDef":
        """Raises `TableReadFailed`."""
        try:
            answer = await self._calls(lambda dynamodb: dynamodb.describe_table(TableName=self._name))
        except CallFailed as error:
            raise _read_failed(error) from error
        return answer["Table"]


def _read_failed(error: CallFailed) -> TableReadFailed:
    log.warning("table_read_failed", extra={"cause": str(error)})
    return TableReadFailed("the table did not answer; try again", retry_seconds=1)
