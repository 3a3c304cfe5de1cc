"""Reads the dead-letter queue: counts letters by reason, selects them, finds one. Changes nothing."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ops.dead_letter import DeadLetter
from ops.depth import depth_of
from ops.scan import Scan, hidden_seconds
from ops.stop import StopFlag
from records.key import Key, KeySchema
from records.times import rfc3339
from telemetry.queue_depth import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RETENTION_MS = 14 * 86_400_000
"""As long SQS keeps a message of either queue (template.yaml)."""
OnProgress: TypeAlias = Callable[[int, int], None]
"""Called during the work with two numbers: how many are done, and about how many there are."""


@dataclass(slots=True)
class ReasonCount:
    """The letters of one reason. `oldest` and `newest` are RFC 3339 UTC, None where no letter has a time."""

    letters: int = 0
    oldest: str | None = None
    newest: str | None = None
    first_sent_ms: int | None = None

    @property
    def first_expires(self) -> str | None:
        """When SQS deletes the first of them, RFC 3339 UTC. If SQS moved a letter, its time began with the record."""
        return None if self.first_sent_ms is None else rfc3339(self.first_sent_ms + RETENTION_MS)

    def add(self, dead_lettered: str | None, sent_ms: int) -> None:
        self.letters += 1
        self.first_sent_ms = min(self.first_sent_ms or sent_ms, sent_ms)
        if dead_lettered is not None:
            self.oldest = min(self.oldest or dead_lettered, dead_lettered)
            self.newest = max(self.newest or dead_lettered, dead_lettered)


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects letters: those with one of the reasons, or the one message. Without either, it selects all."""

    reasons: frozenset[str] = frozenset()
    message_id: str | None = None

    def matches(self, letter: DeadLetter) -> bool:
        if self.message_id is not None:
            return letter.message_id == self.message_id
        return not self.reasons or letter.reason in self.reasons


@dataclass(frozen=True, slots=True)
class DeadLetterSummary:
    """A letter without its contents, except the key."""

    message_id: str
    reason: str
    detail: str
    key: Key | None
    body_bytes: int
    message_bytes: int

    @classmethod
    def of(cls, letter: DeadLetter, key_schema: KeySchema) -> "DeadLetterSummary":
        return cls(
            letter.message_id,
            letter.reason,
            letter.detail,
            letter.key(key_schema),
            letter.body_bytes,
            letter.message_bytes,
        )


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """How many letters to summarize, and the table's key schema."""

    summaries_max: int
    key_schema: KeySchema


@dataclass(slots=True)
class ScanResult:
    """What a scan of the dead-letter queue found."""

    counts: dict[str, ReasonCount] = field(default_factory=dict)
    """All letters that were read, by reason."""
    selected: dict[str, ReasonCount] = field(default_factory=dict)
    """The selected letters, by reason."""
    message_ids: list[str] = field(default_factory=list)
    """Of the selected letters."""
    must_stay: int = 0
    """How many of the selected letters have to stay: see `DeadLetter.version`."""
    summaries: list[DeadLetterSummary] = field(default_factory=list)
    """Of the first selected letters."""
    complete: bool = False
    """Whether the queue was read to its end, or to the one selected message."""
    in_flight_elsewhere: int = 0
    """About how many letters others had in flight when the scan began. The scan did not read these."""
    left_hidden: int = 0
    """How many letters could not be made visible again. SQS does it after `hidden_seconds`."""
    hidden_seconds: int = 0

    @property
    def letters(self) -> int:
        return sum(count.letters for count in self.counts.values())

    def add(self, letter: DeadLetter, selection: Selection, request: SummaryRequest | None) -> None:
        self.counts.setdefault(letter.reason, ReasonCount()).add(letter.dead_lettered, letter.sent_ms)
        if not selection.matches(letter):
            return
        self.selected.setdefault(letter.reason, ReasonCount()).add(letter.dead_lettered, letter.sent_ms)
        self.message_ids.append(letter.message_id)
        self.must_stay += letter.version is None
        if request and len(self.summaries) < request.summaries_max:
            self.summaries.append(DeadLetterSummary.of(letter, request.key_schema))


class DeadLetterQueue:
    """The dead-letter queue at `url`. Every method raises botocore's errors."""

    def __init__(
        self,
        sqs: "SQSClient",
        url: str,
        stop: StopFlag,
        monotonic: Callable[[], float] = time.monotonic,
        threads: Callable[[int], Executor] = ThreadPoolExecutor,
    ) -> None:
        """`threads` makes so many."""
        self.sqs = sqs
        self.url = url
        self.stop = stop
        self._monotonic = monotonic
        self._threads = threads

    def depth(self) -> QueueDepth:
        return depth_of(self.sqs, self.url)

    def scan(self, depth: QueueDepth | None = None) -> Scan:
        """A scan with enough time for a queue of this depth, by default its present depth."""
        # Messages in flight elsewhere count too: they may become visible during the scan, and SQS's counts are late.
        seconds = hidden_seconds((depth or self.depth()).total)
        return Scan(self.sqs, self.url, seconds, self.stop, self._monotonic, threads=self._threads)

    def read(self, selection: Selection, on_progress: OnProgress, request: SummaryRequest | None = None) -> ScanResult:
        """Counts all letters and collects the selected ones. If one message is selected, it ends when that is found."""
        depth = self.depth()
        result = ScanResult(in_flight_elsewhere=depth.in_flight)
        with self.scan(depth) as scan:
            for letters in scan:
                for letter in letters:
                    result.add(letter, selection, request)
                on_progress(result.letters, depth.waiting)
                if selection.message_id in result.message_ids:
                    result.complete = True
                    break
        result.complete |= scan.complete
        result.left_hidden, result.hidden_seconds = scan.left_hidden, scan.seconds
        return result

    def find(self, message_id: str, on_progress: OnProgress) -> DeadLetter | None:
        """The letter with this message id; None when the scan did not find it."""
        depth = self.depth()
        seen = 0
        with self.scan(depth) as scan:
            for letters in scan:
                for letter in letters:
                    if letter.message_id == message_id:
                        return letter
                seen += len(letters)
                on_progress(seen, depth.waiting)
        return None
