"""What is in the dead-letter queue: counted by reason, selected, found. Changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from ops.depth import Depth, depth_of
from ops.letter import Letter
from ops.scan import Scan, hidden_seconds
from ops.stop import Stop
from records.key import Key, KeySchema

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Told: TypeAlias = Callable[[int, int], None]
"""Called as work goes on, with how much is done and of how much, about."""


@dataclass(slots=True)
class ReasonCount:
    """How many letters have a reason. The times are RFC 3339 UTC, None where no letter has one."""

    letters: int = 0
    oldest: str | None = None
    newest: str | None = None

    def add(self, dead_lettered: str | None) -> None:
        self.letters += 1
        if dead_lettered is not None:
            self.oldest = min(self.oldest or dead_lettered, dead_lettered)
            self.newest = max(self.newest or dead_lettered, dead_lettered)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant: those with one of the reasons, or one message; without either, all."""

    reasons: frozenset[str] = frozenset()
    message_id: str | None = None

    def takes(self, letter: Letter) -> bool:
        if self.message_id is not None:
            return letter.message_id == self.message_id
        return not self.reasons or letter.reason in self.reasons


@dataclass(frozen=True, slots=True)
class Described:
    """A letter without its contents, but for its key."""

    message_id: str
    reason: str
    detail: str
    key: Key | None
    body_bytes: int
    message_bytes: int

    @classmethod
    def of(cls, letter: Letter, key_schema: KeySchema) -> "Described":
        return cls(
            letter.message_id,
            letter.reason,
            letter.detail,
            letter.key(key_schema),
            letter.body_bytes,
            letter.message_bytes,
        )


@dataclass(frozen=True, slots=True)
class Describe:
    """How many letters are to be described, by the key schema of the table."""

    letters_max: int
    key_schema: KeySchema


@dataclass(slots=True)
class Reading:
    """What a scan found."""

    counts: dict[str, ReasonCount] = field(default_factory=dict)
    """Of all letters that were read, by reason."""
    selected: dict[str, ReasonCount] = field(default_factory=dict)
    """Of those that were meant."""
    message_ids: list[str] = field(default_factory=list)
    """Of those that were meant."""
    without_version: int = 0
    """Of those that were meant: how many have to stay, as the version that they need is not known or has no room."""
    described: list[Described] = field(default_factory=list)
    """The first of those that were meant."""
    complete: bool = False
    """Whether the queue was read to its end, or to the message that was meant."""
    elsewhere: int = 0
    """About how many letters somebody else held when the scan began. They are not among those that were read."""
    left_hidden: int = 0
    """How many letters could not be made visible again; they are after `hidden_seconds`."""
    hidden_seconds: int = 0

    @property
    def letters(self) -> int:
        return sum(count.letters for count in self.counts.values())

    def add(self, letter: Letter, selection: Selection, describe: Describe | None) -> None:
        self.counts.setdefault(letter.reason, ReasonCount()).add(letter.dead_lettered)
        if not selection.takes(letter):
            return
        self.selected.setdefault(letter.reason, ReasonCount()).add(letter.dead_lettered)
        self.message_ids.append(letter.message_id)
        self.without_version += letter.version is None
        if describe and len(self.described) < describe.letters_max:
            self.described.append(Described.of(letter, describe.key_schema))


class DeadLetterQueue:
    """Every method raises botocore's errors."""

    def __init__(self, sqs: "SQSClient", url: str, stop: Stop) -> None:
        self.sqs = sqs
        self.url = url
        self.stop = stop

    def depth(self) -> Depth:
        return depth_of(self.sqs, self.url)

    def scan(self, depth: Depth | None = None) -> Scan:
        """A scan that may take as long as a queue of this depth needs; by default, of the depth that it has now."""
        # What somebody else holds is counted too: it may come back meanwhile, and SQS's counts lag behind.
        return Scan(self.sqs, self.url, hidden_seconds((depth or self.depth()).all), self.stop, monotonic)

    def read(self, selection: Selection, told: Told, describe: Describe | None = None) -> Reading:
        """Counts all letters, and names those that are meant; of one message, as soon as it is found."""
        depth = self.depth()
        reading = Reading(elsewhere=depth.in_flight)
        with self.scan(depth) as scan:
            for letters in scan:
                for letter in letters:
                    reading.add(letter, selection, describe)
                told(reading.letters, depth.waiting)
                if selection.message_id in reading.message_ids:
                    reading.complete = True
                    break
        reading.complete |= scan.complete
        reading.left_hidden, reading.hidden_seconds = scan.left_hidden, scan.seconds
        return reading

    def find(self, message_id: str, told: Told) -> Letter | None:
        """The letter as it is; None when the scan has not met it."""
        depth = self.depth()
        seen = 0
        with self.scan(depth) as scan:
            for letters in scan:
                for letter in letters:
                    if letter.message_id == message_id:
                        return letter
                seen += len(letters)
                told(seen, depth.waiting)
        return None
