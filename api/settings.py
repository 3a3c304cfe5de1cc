"""The API's settings, read once from the environment. docs/settings.md describes each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from records.key import KeySchema


class SettingMissing(Exception):
    """A variable that the environment must have; the message is its name."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    record_queue_url: str
    record_dead_letter_queue_url: str
    record_table_name: str
    record_table_key: KeySchema
    aws_region: str
    sqs_origin: str
    """Where SQS answers: `https://host` or `http://host`, with or without a port."""
    ca_bundle: str | None
    """A file of certificates that calls to SQS trust; None for the system's."""
    backlog_hours_max: float
    """How long the table may need for the backlog; 0 for no limit."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ApiSettings":
        """Raises `SettingMissing`, or `ValueError` for a malformed key schema or number."""

        def required(name: str, fallback: str = "") -> str:
            value = environment.get(name) or environment.get(fallback)
            if not value:
                raise SettingMissing(name)
            return value

        queue_url = required("RECORD_QUEUE_URL")
        endpoint = environment.get("AWS_ENDPOINT_URL_SQS") or environment.get("AWS_ENDPOINT_URL") or queue_url
        return cls(
            record_queue_url=queue_url,
            record_dead_letter_queue_url=required("RECORD_DEAD_LETTER_QUEUE_URL"),
            record_table_name=required("RECORD_TABLE_NAME"),
            record_table_key=KeySchema.read(required("RECORD_TABLE_KEY")),
            aws_region=required("AWS_REGION", "AWS_DEFAULT_REGION"),
            sqs_origin="{0.scheme}://{0.netloc}".format(urlsplit(endpoint)),
            ca_bundle=environment.get("AWS_CA_BUNDLE"),
            backlog_hours_max=_hours(environment.get("BACKLOG_HOURS_MAX") or "0"),
        )


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 <= hours < math.inf:
        raise ValueError(f"BACKLOG_HOURS_MAX is a number of hours, 0 for no limit, not {text!r}")
    return hours
