"""How the ledger knows a record again, in a message and in an item: its marker, its version, its id."""

import re
from typing import Any

from dev.simulation.message import SimulatedMessage
from records.version import version_of_bare_message

_MARKER = re.compile(r'(?<=")r\d+(?=")')


def may_crash(key: str | None) -> bool:
    """Whether records of this key may end the consumer's process."""
    return key is not None and key.startswith("crashes")


def may_be_refused(key: str | None) -> bool:
    """Whether the table may refuse records of this key for ever, or for a time."""
    return key is not None and key.startswith("refused")


def marker_of(body: str) -> str:
    found = _MARKER.search(body)
    assert found, f"nobody sent this message: {body[:60]}"
    return found[0]


def version_of(message: SimulatedMessage) -> str:
    return message.attributes.get("version") or version_of_bare_message(message.message_id, message.sent_ms)


def item_version(item: dict[str, Any]) -> str:
    version: str = item["_forebay"]["M"]["version"]["S"]
    return version


def id_in(body: str) -> str:
    """Of a record without an id, the API has put one into the message."""
    found = re.search(r'"id":"([^"]*)"', body)
    return found[1] if found else ""
