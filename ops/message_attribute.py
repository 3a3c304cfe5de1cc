"""A message attribute of SQS: a data type, and a value that is text or binary."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from records.json_text import text_bytes

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageAttributeValueTypeDef


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    data_type: str
    value: str | bytes

    @classmethod
    def received(cls, attribute: "MessageAttributeValueOutputTypeDef") -> "MessageAttribute":
        """From ReceiveMessage's answer."""
        value = attribute["BinaryValue"] if "BinaryValue" in attribute else attribute.get("StringValue", "")
        return cls(attribute["DataType"], value)

    def to_send(self) -> "MessageAttributeValueTypeDef":
        if isinstance(self.value, bytes):
            return {"DataType": self.data_type, "BinaryValue": self.value}
        return {"DataType": self.data_type, "StringValue": self.value}

    def text(self) -> str:
        """The value; a binary one in hexadecimal."""
        return self.value.hex() if isinstance(self.value, bytes) else self.value

    def size(self, name: str) -> int:
        """Bytes as SQS counts them, under this name: name, type and value."""
        value = len(self.value) if isinstance(self.value, bytes) else text_bytes(self.value)
        return text_bytes(name) + text_bytes(self.data_type) + value
