"""Reads items of the table by their keys, at a bounded rate. It never scans: the table may be in use."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.rate_limit import RateLimit
from ops.stop import StopFlag
from ops.target import Target
from records.item import RESERVED_NAME, Item, Provenance, from_item
from records.key import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

GET_BATCH_KEYS_MAX = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
KEYS_PER_SECOND = 1000
_TRIES_MAX = 8
_PAUSE_SECONDS = 0.25
_THROTTLES = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}


class ItemReader:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._rate_limit = RateLimit(KEYS_PER_SECOND, StopFlag().wait)

    def read(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Provenance | None]]:
        """The keys that have an item, each with its provenance, which is None where Forebay did not write the item.

        Raises botocore's errors.
        """
        names = {f"#{n}": name for n, name in enumerate((*self._key_names(), RESERVED_NAME))}
        for at in range(0, len(keys), GET_BATCH_KEYS_MAX):
            chunk = keys[at : at + GET_BATCH_KEYS_MAX]
            wanted = [key for key in map(self._target.key_schema.attribute_values, chunk) if key]
            tries = 0
            while wanted:
                self._rate_limit.acquire(len(wanted))
                before = len(wanted)
                items, wanted = self._get(wanted, names)
                for item in items:
                    record, provenance = from_item(item)
                    yield self._target.key_schema.of(record), provenance
                tries = tries + 1 if len(wanted) == before else 0
                StopFlag().wait(_PAUSE_SECONDS * tries)
                if tries == _TRIES_MAX:
                    raise self._throttled()

    def _get(
        self, keys: "list[dict[str, dict[str, str]]]", names: dict[str, str]
    ) -> tuple[list[Item], list[dict[str, dict[str, str]]]]:
        """The items, and the keys that the table did not process."""
        request: KeysAndAttributesTypeDef = {
            "Keys": keys,
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        name = self._target.record_table_name
        try:
            answer = self._target.dynamodb.batch_get_item(RequestItems={name: request})
        except ClientError as error:
            if error.response["Error"].get("Code") in _THROTTLES:
                return [], keys
            raise
        left = answer.get("UnprocessedKeys", {}).get(name)
        items: Any = answer["Responses"].get(name, [])
        rest: Any = left["Keys"] if left else []
        return items, rest

    def _key_names(self) -> list[str]:
        schema = self._target.key_schema
        return [schema.partition.name] + ([schema.sort.name] if schema.sort else [])

    def _throttled(self) -> ClientError:
        message = "the table has no read capacity left for the verification"
        return ClientError({"Error": {"Code": "Throttled", "Message": message}}, "BatchGetItem")
