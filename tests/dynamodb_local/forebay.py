"""The API and the consumer around AWS's own DynamoDB engine."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from consumer.handler import create_handler
from consumer.table import TableWriter
from records.item import RESERVED_NAME, Provenance
from tests.dynamodb_local.json_text import loads
from tests.dynamodb_local.table import TABLE_NAME
from tests.unit.api.doubles import Sqs, app_of, request
from tests.unit.consumer.doubles import Consumer, Context, sqs_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_JSON = {"content-type": "application/json"}
MESSAGE_BYTES_MAX = 1_048_576
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_MESSAGE_TEXT = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


class Forebay:
    """The API and the consumer with a list as the queue, and the engine's table."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        self.dynamodb = dynamodb
        self.sqs = Sqs()
        self.app = app_of(self.sqs, dynamodb)
        drain = Consumer()
        self.dead = drain.dead
        self._handle = create_handler(drain.dependencies_with(TableWriter(dynamodb, TABLE_NAME)), lambda: None)

    def post(self, text: str | bytes, headers: dict[str, str] = _JSON) -> Any:
        content = text if isinstance(text, bytes) else text.encode()
        return request(self.app, "POST", "/records", content=content, headers=headers)

    def drain(self) -> None:
        """Delivers what was sent. Asserts that SQS would take every message, and that every record is stored."""
        sent, self.sqs.durable = self.sqs.durable, []
        records = []
        for index, entry in enumerate(sent):
            body = entry["MessageBody"]
            version = entry["MessageAttributes"]["version"]["StringValue"]
            assert _MESSAGE_TEXT.fullmatch(body)
            assert len(body.encode()) + len(f"versionString{version}") <= MESSAGE_BYTES_MAX
            records.append(sqs_record(str(index), body, {"version": {"stringValue": version, "dataType": "String"}}))
        assert self._handle({"Records": records}, Context()) == {"batchItemFailures": []}
        assert self.dead.letters == []

    def read(self, record_id: str) -> Any:
        answer = request(self.app, "GET", f"/records/{quote(record_id, safe='')}")
        assert answer.status_code == 200, (record_id, answer.text)
        return loads(answer.text)

    def clear(self, record_id: str) -> None:
        self.dynamodb.delete_item(TableName=TABLE_NAME, Key={"id": {"S": record_id}})

    def stores(self, value: Any) -> bool:
        """Whether DynamoDB accepts the record's item, without Forebay's own validation."""
        item = {name: attribute_value(element) for name, element in value.items()}
        provenance = Provenance.of("018bcfe5-687b-7000-8000-000000000000", 0, 0)
        item[RESERVED_NAME] = provenance.attribute_value()
        try:
            self.dynamodb.put_item(TableName=TABLE_NAME, Item=item)
        except self.dynamodb.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            return False
        self.clear(value["id"])
        return True


def attribute_value(value: Any) -> Any:
    """The tests' own mapping, without validation."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case None:
            return {"NULL": True}
        case Decimal():
            return {"N": str(value)}
        case list():
            return {"L": [attribute_value(element) for element in value]}
        case _:
            return {"M": {name: attribute_value(element) for name, element in value.items()}}
