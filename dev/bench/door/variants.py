"""Forebay without one or the other of what makes it fast: `boto3_sender`, `ordinary_route`, `neither`.

Each is set up as `api.main` sets up the app, and differs from it in nothing else.
"""

import asyncio
import dataclasses
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from fastapi import FastAPI

from api import logs
from api.app import create_app
from api.composition import compose
from api.host import REAL
from api.ingest.endpoint import AcceptRecords
from api.ingest.route import IngestRoute
from api.memory_budget import MemoryBudget
from api.outbound.group_commit import UNCONFIRMED_BYTES_MAX, QueueSender
from api.settings import ApiSettings

if TYPE_CHECKING:
    from api.outbound.sqs import BatchSender


class _Boto3Sender:
    """The same call by boto3, in threads."""

    def __init__(self) -> None:
        self._client = boto3.client("sqs")
        self._executor = ThreadPoolExecutor(8)

    async def send_message_batch(self, queue_url: str, entries: Any) -> Any:  # noqa: ANN401 - boto3's own
        call = partial(self._client.send_message_batch, QueueUrl=queue_url, Entries=entries)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def _app(*, boto3_sender: bool, ordinary_route: bool) -> FastAPI:
    settings = ApiSettings.from_environment(os.environ)
    components = compose(settings, os.environ)
    if boto3_sender:
        budget = MemoryBudget(UNCONFIRMED_BYTES_MAX, REAL.monotonic_ns)
        queue = QueueSender(cast("BatchSender", _Boto3Sender()), settings.record_queue_url, budget)
        accept = AcceptRecords(dataclasses.replace(components.accept_records.dependencies, queue=queue))
        components = dataclasses.replace(components, accept_records=accept)
    app = create_app(components)
    if ordinary_route:
        (ingestion,) = [route for route in app.routes if isinstance(route, IngestRoute)]
        app.router.routes.remove(ingestion)
        app.router.add_api_route("/records", components.accept_records, methods=["POST"], status_code=202)
    return app


logs.configure()
boto3_sender = _app(boto3_sender=True, ordinary_route=False)
ordinary_route = _app(boto3_sender=False, ordinary_route=True)
neither = _app(boto3_sender=True, ordinary_route=True)
gc.freeze()
