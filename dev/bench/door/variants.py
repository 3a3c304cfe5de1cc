"""Forebay without one or the other of what makes it fast: `boto3_sender`, `fastapi_routing`, `neither`."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from starlette.types import ASGIApp

from api.app import create_app
from api.composition import compose
from api.ingest.endpoint import AcceptRecords
from api.outbound.group_commit import QueueSender
from api.reads.backlog import WriteUnits
from api.short_way import ShortWay
from records.key import KeySchema
from records.version import Versions

if TYPE_CHECKING:
    from api.outbound.sqs import BatchSender


class _Boto3:
    """The same call by boto3, in threads."""

    def __init__(self) -> None:
        self._client = boto3.client("sqs")
        self._executor = ThreadPoolExecutor(8)

    async def send_message_batch(self, queue_url: str, entries: Any) -> Any:  # noqa: ANN401 - boto3's own
        call = partial(self._client.send_message_batch, QueueUrl=queue_url, Entries=entries)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def _app(*, by_boto3: bool, short: bool) -> ASGIApp:
    parts = compose(os.environ)
    if by_boto3:
        queue = QueueSender(cast("BatchSender", _Boto3()), os.environ["RECORD_QUEUE_URL"])
        versions = Versions(lambda: 0, lambda _: 0)
        accept = AcceptRecords(queue, versions, KeySchema(), WriteUnits(), lambda *_: None)
        parts = parts.__class__(
            accept, parts.write_units, parts.queue_depth, parts.dead_letter_queue_depth, parts.table
        )
    app = create_app(parts)
    return ShortWay(parts.accept_records, app) if short else app


boto3_sender = _app(by_boto3=True, short=True)
fastapi_routing = _app(by_boto3=False, short=False)
neither = _app(by_boto3=True, short=False)
