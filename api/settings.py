"""The API's settings, read once from the environment. docs/settings.md describes each."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from records.key import KeySchema


@dataclass(frozen=True, slots=True)
class Settings:
    record_queue_url: str
    record_dead_letter_queue_url: str
    record_table_name: str
    record_table_key: KeySchema
    aws_region: str
    sqs_origin: str
    """Where SQS answers: `https://host` or `http://host`, with a port or without."""
    ca_bundle: str | None
    """A file of the certificates that calls of SQS trust; None for the system's."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises `KeyError`, naming the variable, when one is missing; `ValueError` for a key schema that is none."""
        queue_url = environment["RECORD_QUEUE_URL"]
        aws_region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        if not aws_region:
            raise KeyError("AWS_REGION")
        endpoint = environment.get("AWS_ENDPOINT_URL_SQS") or environment.get("AWS_ENDPOINT_URL") or queue_url
        return cls(
            record_queue_url=queue_url,
            record_dead_letter_queue_url=environment["RECORD_DEAD_LETTER_QUEUE_URL"],
            record_table_name=environment["RECORD_TABLE_NAME"],
            record_table_key=KeySchema.read(environment["RECORD_TABLE_KEY"]),
            aws_region=aws_region,
            sqs_origin="{0.scheme}://{0.netloc}".format(urlsplit(endpoint)),
            ca_bundle=environment.get("AWS_CA_BUNDLE"),
        )
