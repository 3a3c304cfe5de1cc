"""A message attribute of SQS: a type, and a value that is text or binary."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from records.json_text import text_bytes

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageAttributeValueTypeDef


@dataclass(frozen=True, slots=True)
class Attribute:
    data_type: str
    value: str | bytes

    @classmethod
    def received(cls, told: "MessageAttributeValueOutputTypeDef") -> "Attribute":
        return cls(told["DataType"], told["BinaryValue"] if "BinaryValue" in told else told.get("StringValue", ""))

    def to_send(self) -> "MessageAttributeValueTypeDef":
        if isinstance(self.value, bytes):
            return {"DataType": self.data_type, "BinaryValue": self.value}
        return {"DataType": self.data_type, "StringValue": self.value}

    def text(self) -> str:
        """Binary values in hexadecimal."""
        return self.value.hex() if isinstance(self.value, bytes) else self.value

    def bytes_as(self, name: str) -> int:
        """As SQS counts them: name, type and value."""
        value = len(self.value) if isinstance(self.value, bytes) else text_bytes(self.value)
        return text_bytes(name) + text_bytes(self.data_type) + value
