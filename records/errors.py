"""What can be invalid about a record: one code for each rule. A code never changes.

HTTP problems, dead-letter reasons, logs and metrics use the same codes.
"""

from dataclasses import dataclass

JSON_MALFORMED = "json_malformed"
TEXT_INVALID = "text_invalid"
RECORD_NOT_AN_OBJECT = "record_not_an_object"
KEY_INVALID = "key_invalid"
NAME_INVALID = "name_invalid"
NAME_RESERVED = "name_reserved"
NUMBER_OUT_OF_RANGE = "number_out_of_range"
NUMBER_TOO_PRECISE = "number_too_precise"
NESTING_TOO_DEEP = "nesting_too_deep"
RECORD_TOO_LARGE = "record_too_large"
MESSAGE_TOO_LARGE = "message_too_large"
VERSION_INVALID = "version_invalid"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a record violates: where (a JSON pointer into the record, RFC 6901), the code, and a text."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the record'}: {self.detail}"


class TextMalformed(ValueError):
    """Text that is not JSON, or JSON that no record can hold; `line` and `column` (in bytes) count from 1."""

    def __init__(self, code: str, detail: str, line: int, column: int) -> None:
        super().__init__(f"{detail} (line {line}, column {column})")
        self.code = code
        self.detail = detail
        self.line = line
        self.column = column
