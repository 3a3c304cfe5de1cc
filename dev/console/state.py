"""What all tabs of the page share: the series, the dead letters, what is being sent, and the levers.

Everything here runs on the event loop; what blocks is done in threads.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from dev.console.clients import Api, Control, Refused
from dev.console.dead_letters import DeadLetters, Known
from dev.console.original_pattern import Original
from dev.console.settings import Settings
from dev.console.time_series import Json, Reading, Series
from dev.console.workload import POISON
from ops.dead_letter import DeadLetter
from ops.depth import depth_of
from ops.send_back_and_drop import Tally
from records.version import Versions
from telemetry.queue_depth import QueueDepth

POLL_SECONDS = 1.0
_LETTERS_EVERY_SECONDS = 3.0
LETTERS_MAX = 2000
"""Beyond so many dead letters they are not read by themselves: that takes a receive for each ten."""

TROUBLES = (httpx.HTTPError, BotoCoreError, ClientError, Refused)
"""For `except`: what a lever may raise."""


@dataclass(slots=True)
class Sending:
    """A load on its way."""

    name: str
    of: int
    accepted: int = 0
    stopped: bool = False
    trouble: str = ""
    ended: bool = False


class Desk:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.series = Series()
        self.letters = DeadLetters(settings.target)
        self.known = Known()
        self.faults: frozenset[str] = frozenset()
        self.sending: Sending | None = None
        self.original: Original | None = None
        self.beside_from: Reading | None = None
        """Where Forebay stood when the original pattern began to run beside it."""
        self._control = Control(settings.aws_url, settings.token)
        self._api = Api(settings.api_url)
        self._versions = Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits)
        self._beginning = asyncio.Lock()
        self._changes = 0
        self._letters_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    # ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Polls for ever."""
        while True:
            began = time.monotonic()
            try:
                await self._poll()
            except (httpx.HTTPError, BotoCoreError, ClientError, KeyError, ValueError) as error:
                self.series.lost(f"{type(error).__name__}: {error}", time.time())
            await asyncio.sleep(max(0.1, began + POLL_SECONDS - time.monotonic()))

    async def _poll(self) -> None:
        changes = self._changes
        meters, seconds_to_empty, looked = await asyncio.gather(
            self._control.meters(), self._seconds_to_empty(), asyncio.to_thread(self._look)
        )
        table: Json = meters["tables"].get(self.settings.target.record_table_name, {})
        records, dead_letters, description, beside = looked
        reading = Reading(
            at=time.time(),
            waiting=records.waiting,
            in_flight=records.in_flight,
            dead_lettered=dead_letters.total,
            items=description["ItemCount"],
            capacity=description["ProvisionedThroughput"]["WriteCapacityUnits"],
            seconds_to_empty=seconds_to_empty,
            sent=meters["sent"].get(self.settings.target.record_queue_url.rpartition("/")[2], 0),
            units=table.get("units", 0.0),
            puts=table.get("puts", 0),
            superseded=table.get("superseded", 0),
            throttles=table.get("throttles", 0),
            faults=frozenset(meters["faults"]),
            last_puts=tuple(table.get("last", ())),
            beside=beside,
        )
        self.series.add(reading)
        if changes == self._changes:  # or somebody has moved a lever meanwhile
            self.faults = reading.faults
        self._read_letters_when_they_changed(reading)

    async def _seconds_to_empty(self) -> float | None:
        try:
            return await self._api.seconds_to_empty()
        except httpx.HTTPError:
            return None

    def _look(self) -> tuple[QueueDepth, QueueDepth, Any, Any]:
        target = self.settings.target
        description = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"]
        beside = None
        if original := self.original:
            original.provision(description["ProvisionedThroughput"]["WriteCapacityUnits"])
            beside = original.look()
        records = depth_of(target.sqs, target.record_queue_url)
        return records, depth_of(target.sqs, target.record_dead_letter_queue_url), description, beside

    def _read_letters_when_they_changed(self, reading: Reading) -> None:
        if (
            (reading.dead_lettered != self.known.count or not self.known.read)
            and reading.dead_lettered <= LETTERS_MAX
            and time.monotonic() - self._letters_at > _LETTERS_EVERY_SECONDS
        ):
            self._letters_at = time.monotonic()
            self._background(self.read_letters())

    async def read_letters(self) -> None:
        with suppress(BotoCoreError, ClientError):  # it is tried again, and the poll says what is wrong
            self.known = await asyncio.to_thread(self.letters.read)
        self._letters_at = time.monotonic()

    # ── the levers ───────────────────────────────────────────────────────────────────────────────────────────────────
    def send(self, name: str, requests: Iterable[Sequence[str]], of: int, every_seconds: float) -> None:
        """A request of so many records every so often, one load at a time."""
        if self.sending is None or self.sending.ended:
            self.sending = Sending(name, of)
            self._background(self._send(self.sending, requests, every_seconds))

    async def _send(self, sending: Sending, requests: Iterable[Sequence[str]], every_seconds: float) -> None:
        next_at = time.monotonic()
        try:
            for records in requests:
                await asyncio.sleep(max(0.0, next_at - time.monotonic()))
                if sending.stopped:
                    break
                next_at += every_seconds
                receipts = await self._api.post(records)
                sending.accepted += len(receipts)
                if original := self.original:
                    versions = [receipt["version"] for receipt in receipts]
                    await asyncio.to_thread(original.send, records, versions)
        except TROUBLES as error:
            sending.trouble = str(error) or type(error).__name__
        finally:
            sending.ended = True

    async def poison(self) -> None:
        """What can never be stored, past the API, which refuses it."""
        target = self.settings.target
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(POISON)]
        await asyncio.to_thread(target.sqs.send_message_batch, QueueUrl=target.record_queue_url, Entries=entries)
        if original := self.original:
            await asyncio.to_thread(original.send, POISON, [self._versions.next() for _ in POISON])

    async def provision(self, units: int) -> None:
        """Changes the table's write capacity."""
        target = self.settings.target

        def update() -> None:
            throughput = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"][
                "ProvisionedThroughput"
            ]
            target.dynamodb.update_table(
                TableName=target.record_table_name,
                ProvisionedThroughput={
                    "ReadCapacityUnits": throughput["ReadCapacityUnits"],
                    "WriteCapacityUnits": units,
                },
            )

        await asyncio.to_thread(update)

    async def set_fault(self, name: str, *, on: bool) -> None:
        self._changes += 1
        self.faults = self.faults | {name} if on else self.faults - {name}
        await self._control.set_faults(self.faults)
        self._changes += 1

    async def find(self, message_id: str) -> DeadLetter | None:
        return await asyncio.to_thread(self.letters.find, message_id)

    async def send_back(self, message_id: str | None) -> Tally:
        tally = await asyncio.to_thread(self.letters.send_back, message_id)
        await self.read_letters()
        return tally

    async def run_the_original_beside(self) -> None:
        """From the next record on; for as long as the stack runs."""
        async with self._beginning:
            if self.original is None:
                self.original = await asyncio.to_thread(Original, self.settings.target)
                self.beside_from = self.series.reading

    def stop(self) -> None:
        self.letters.stop()
        if self.original:
            self.original.stop()
        for task in self._tasks:
            task.cancel()

    def _background(self, work: Any) -> None:  # noqa: ANN401 - a coroutine
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
