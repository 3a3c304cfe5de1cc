"""The consumer's settings, read once from the environment. docs/settings.md describes each."""

from collections.abc import Mapping
from dataclasses import dataclass

from records.key import KeySchema


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    consumer_maximum_concurrency: int
    record_queue_url: str
    record_dead_letter_queue_url: str
    record_table_name: str
    record_table_key: KeySchema

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ConsumerSettings":
        """Raises `KeyError`, naming the variable, when one is missing; `ValueError` for an invalid key schema."""
        return cls(
            consumer_maximum_concurrency=int(environment["CONSUMER_MAXIMUM_CONCURRENCY"]),
            record_queue_url=environment["RECORD_QUEUE_URL"],
            record_dead_letter_queue_url=environment["RECORD_DEAD_LETTER_QUEUE_URL"],
            record_table_name=environment["RECORD_TABLE_NAME"],
            record_table_key=KeySchema.read(environment["RECORD_TABLE_KEY"]),
        )
