"""Packs messages into batches as SendMessageBatch takes them."""

from collections.abc import Iterable, Iterator

from records.limits import SEND_BATCH_BYTES_MAX, SEND_BATCH_ENTRIES_MAX
from records.message import Message


def batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages in order, at most ten and at most 1 MiB a batch."""
    batch: list[Message] = []
    batch_bytes = 0
    for message in messages:
        full = len(batch) == SEND_BATCH_ENTRIES_MAX or batch_bytes + message.size > SEND_BATCH_BYTES_MAX
        if batch and full:
            yield batch
            batch, batch_bytes = [], 0
        batch.append(message)
        batch_bytes += message.size
    if batch:
        yield batch
