"""Sends records to the API, one load at a time, for all tabs of the page."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from dev.console.clients import ApiClient, RecordsRefused
from dev.console.time_series import Json

ACTION_ERRORS = (httpx.HTTPError, BotoCoreError, ClientError, RecordsRefused)
"""For `except`: what an action of the page may raise."""


@dataclass(slots=True)
class SendProgress:
    name: str
    total: int
    """Records to send."""
    accepted: int = 0
    stop_requested: bool = False
    error: str = ""
    """Why it ended early."""
    ended: bool = False


class RecordSender:
    """`on_accepted` is awaited with the records of each accepted request and their receipts."""

    def __init__(self, api: ApiClient, on_accepted: Callable[[Sequence[str], list[Json]], Awaitable[None]]) -> None:
        self.progress: SendProgress | None = None
        """Of the load that is being sent, or of the last one."""
        self._api = api
        self._on_accepted = on_accepted

    async def send(self, name: str, requests: Iterable[Sequence[str]], total: int, interval_seconds: float) -> None:
        """One request every `interval_seconds`. Does nothing while another load is being sent."""
        if self.progress and not self.progress.ended:
            return
        progress = self.progress = SendProgress(name, total)
        next_at = time.monotonic()
        try:
            for records in requests:
                await asyncio.sleep(max(0.0, next_at - time.monotonic()))
                if progress.stop_requested:
                    break
                next_at += interval_seconds
                receipts = await self._api.post(records)
                progress.accepted += len(receipts)
                await self._on_accepted(records, receipts)
        except ACTION_ERRORS as error:
            progress.error = str(error) or type(error).__name__
        finally:
            progress.ended = True

    def stop(self) -> None:
        if self.progress:
            self.progress.stop_requested = True
