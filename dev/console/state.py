"""What all tabs of the page share: the time series, the dead letters, what is being sent, and the actions.

Everything here runs on the event loop; calls that block run in threads.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from dev.console.clients import ApiClient, ControlClient
from dev.console.dead_letters import ConsoleDeadLetters, DeadLettersOverview
from dev.console.generated_load import POISON
from dev.console.meters import StackMeters
from dev.console.original_pattern import OriginalPattern
from dev.console.outstanding import OutstandingRecords
from dev.console.poison import PoisonProgress
from dev.console.sender import RecordSender
from dev.console.settings import ConsoleSettings
from dev.console.time_series import Json, OriginalPatternSnapshot, StackSnapshot, TimeSeries
from ops.dead_letter import DeadLetter
from ops.depth import depth_of
from ops.send_back_and_drop import Tally
from records.version import Versions
from telemetry.queue_depth import QueueDepth

POLL_SECONDS = 1.0
_DEAD_LETTERS_EVERY_SECONDS = 3.0
DEAD_LETTERS_READ_MAX = 2000
"""Above this number the dead letters are not read automatically: it takes a receive for every ten."""


class ConsoleState:
    def __init__(self, settings: ConsoleSettings) -> None:
        self.settings = settings
        self.series = TimeSeries()
        self.dead_letters = DeadLettersOverview()
        self.faults: frozenset[str] = frozenset()
        self.original: OriginalPattern | None = None
        self.comparison_start: StackSnapshot | None = None
        """The stack when the original pattern was started."""
        self._control = ControlClient(settings.aws_url, settings.token)
        self._api = ApiClient(settings.api_url)
        self.sender = RecordSender(self._api, self._send_to_original)
        self._dead_letter_queue = ConsoleDeadLetters(settings.target)
        self._meters = StackMeters(settings.api_log, settings.logs)
        self._outstanding = OutstandingRecords()
        self.poison = PoisonProgress()
        self._versions = Versions(lambda: time.time_ns() // 1_000_000, secrets.randbits)
        self._original_starts = asyncio.Lock()
        self._fault_changes = 0
        self._dead_letters_read_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    # ── polling ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def poll_forever(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._poll()
            except (httpx.HTTPError, BotoCoreError, ClientError, KeyError, ValueError) as error:
                self.series.mark_unreachable(f"{type(error).__name__}: {error}".removesuffix(": "), time.time())
            await asyncio.sleep(max(0.1, began + POLL_SECONDS - time.monotonic()))

    async def _poll(self) -> None:
        fault_changes = self._fault_changes
        counters, seconds_to_empty, (records, dead_letters, table, original) = await asyncio.gather(
            self._control.counters(), self._seconds_to_empty(), asyncio.to_thread(self._read_queues_and_table)
        )
        target = self.settings.target
        counted: Json = counters["tables"].get(target.record_table_name, {})
        sent = counters["sent"].get(target.record_queue_url.rpartition("/")[2], 0)
        done = counted.get("puts", 0) + counted.get("superseded", 0) + self._meters.dead_lettered
        saved_up, saved_up_max = counters["saved_up"].get(target.record_table_name, (0.0, 0.0))
        capacity = table["ProvisionedThroughput"]["WriteCapacityUnits"]
        self.poison.update(self._meters.dead_lettered)
        snapshot = StackSnapshot(
            at=time.time(),
            backlog=self._outstanding.count(sent, done, records.total),
            dead_lettered=dead_letters.total,
            items=table["ItemCount"],
            capacity=capacity,
            seconds_to_empty=seconds_to_empty,
            sent=sent,
            units=counted.get("units", 0.0),
            puts=counted.get("puts", 0),
            superseded=counted.get("superseded", 0),
            throttles=counted.get("throttles", 0),
            saved_up=saved_up,
            saved_up_max=saved_up_max,
            meters=self._meters.meters(time.time(), capacity, target, counters),
            faults=frozenset(counters["faults"]),
            last_puts=tuple(counted.get("last_puts", ())),
            original=original,
        )
        self.series.add(snapshot)
        if fault_changes == self._fault_changes:  # otherwise somebody has moved a switch since the counters were read
            self.faults = snapshot.faults
        self._read_dead_letters_if_changed(snapshot)

    async def _seconds_to_empty(self) -> float | None:
        try:
            return await self._api.seconds_to_empty()
        except httpx.HTTPError:
            return None

    def _read_queues_and_table(self) -> tuple[QueueDepth, QueueDepth, Any, OriginalPatternSnapshot | None]:
        target = self.settings.target
        self._meters.read()
        table = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"]
        snapshot = None
        if original := self.original:
            original.provision(table["ProvisionedThroughput"]["WriteCapacityUnits"])
            snapshot = original.snapshot()
        records = depth_of(target.sqs, target.record_queue_url)
        return records, depth_of(target.sqs, target.record_dead_letter_queue_url), table, snapshot

    def _read_dead_letters_if_changed(self, snapshot: StackSnapshot) -> None:
        changed = snapshot.dead_lettered != self.dead_letters.count or not self.dead_letters.read
        due = time.monotonic() - self._dead_letters_read_at > _DEAD_LETTERS_EVERY_SECONDS
        if changed and due and snapshot.dead_lettered <= DEAD_LETTERS_READ_MAX:
            self._dead_letters_read_at = time.monotonic()
            self._run_in_background(self._read_dead_letters())

    async def _read_dead_letters(self) -> None:
        with suppress(BotoCoreError, ClientError):  # it is read again later, and the poll shows what is wrong
            self.dead_letters = await asyncio.to_thread(self._dead_letter_queue.read)
        self._dead_letters_read_at = time.monotonic()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def send(self, name: str, requests: Iterable[Sequence[str]], total: int, interval_seconds: float) -> None:
        self._run_in_background(self.sender.send(name, requests, total, interval_seconds))

    async def _send_to_original(self, records: Sequence[str], receipts: list[Json]) -> None:
        if original := self.original:
            versions = [receipt["version"] for receipt in receipts]
            await asyncio.to_thread(original.send, records, versions)

    async def send_poison(self) -> None:
        """Sends messages that can never be stored, straight to the queue: the API refuses them."""
        target = self.settings.target
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(POISON)]
        self.poison.send(len(POISON), self._meters.dead_lettered)
        await asyncio.to_thread(target.sqs.send_message_batch, QueueUrl=target.record_queue_url, Entries=entries)
        if original := self.original:
            await asyncio.to_thread(original.send, POISON, [self._versions.next() for _ in POISON])

    async def provision(self, units: int) -> None:
        """Changes the table's write capacity."""
        target = self.settings.target

        def update() -> None:
            table = target.dynamodb.describe_table(TableName=target.record_table_name)["Table"]
            read_units = table["ProvisionedThroughput"]["ReadCapacityUnits"]
            target.dynamodb.update_table(
                TableName=target.record_table_name,
                ProvisionedThroughput={"ReadCapacityUnits": read_units, "WriteCapacityUnits": units},
            )

        await asyncio.to_thread(update)

    async def set_fault(self, name: str, *, active: bool) -> None:
        self._fault_changes += 1
        self.faults = self.faults | {name} if active else self.faults - {name}
        await self._control.set_faults(self.faults)
        self._fault_changes += 1

    async def find_dead_letter(self, message_id: str) -> DeadLetter | None:
        return await asyncio.to_thread(self._dead_letter_queue.find, message_id)

    async def send_back(self, message_id: str | None) -> Tally:
        """Sends one dead letter back to the queue of records, or all of them."""
        tally = await asyncio.to_thread(self._dead_letter_queue.send_back, message_id)
        await self._read_dead_letters()
        return tally

    async def start_original_pattern(self) -> None:
        """It gets the records that are sent from now on, and runs until the stack ends."""
        async with self._original_starts:
            if self.original is None:
                self.original = await asyncio.to_thread(OriginalPattern, self.settings.target)
                self.comparison_start = self.series.latest

    def stop(self) -> None:
        self._dead_letter_queue.stop()
        if self.original:
            self.original.stop()
        for task in self._tasks:
            task.cancel()

    def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
