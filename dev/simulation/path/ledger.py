"""What the clients know, and what is so: every answer is held against the queue, the table and the dead-letter queue.

A broken promise raises `AssertionError`, at the moment at which it can be seen.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from api.ingest.body import REQUEST_SECONDS_MAX
from api.ingest.lane import WAIT_SECONDS_MAX
from api.outbound.group_commit import SEND_SECONDS_MAX
from dev.simulation.message import SimulatedMessage
from dev.simulation.path.exchange import Exchange, HttpAnswer
from dev.simulation.path.marks import id_in, item_version, marker_of, may_be_refused, may_crash, version_of
from dev.simulation.path.requests import RecordsRequest, SentRecord
from dev.simulation.world import World

CLOCKS_DIFFER_SECONDS_MAX = 0.5
"""Between any two machines of a world. Of two versions made within so long, either may be the newer one."""
ANSWER_SECONDS_MAX = WAIT_SECONDS_MAX + SEND_SECONDS_MAX + 8.0
"""After its body has arrived: the wait for a thread, the time for which SQS is tried, and what a slow machine's threads
and the network take themselves."""
_ACCEPTED = 202
_MAY_REFUSE = {"queue_busy", "api_busy", "queue_unavailable", "backlog_full"}
"""Codes of answers to good requests that ask the client to try again."""
_deserialize = TypeDeserializer().deserialize


@dataclass(slots=True)
class Fate:
    """What became of one record, as far as it can be seen from outside."""

    record: SentRecord
    request: RecordsRequest | None
    """None: it was put on the queue by a producer of its own."""
    confirmed: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Versions that a client was told are accepted: the id of each, and when its record had arrived whole."""
    first_sent: dict[str, float] = field(default_factory=dict)
    """When a message of each of its versions was in the queue first."""
    ids: set[str] = field(default_factory=set)
    """That clients were told."""
    was_sent: bool = False
    """Of a bad record: it was on the queue, or a client was told that it is a dead letter."""
    attempts: int = 0
    letters: int = 0


class Ledger:
    def __init__(self, world: World) -> None:
        self._world = world
        self._fates: dict[str, Fate] = {}
        self._letters: set[str] = set()
        """Versions of all dead letters that there have ever been."""
        self._dropped: set[str] = set()
        """Markers of letters that the operator dropped."""
        self.last_sent_at = 0.0
        """When the last message was sent to the queue."""
        self.messages_max = 0
        """The most messages that the queue has ever held."""
        self.tell: Callable[[str, Callable[[], str]], None] = lambda *_: None
        world.queue.on_send = self._sent
        world.dead_letter_queue.on_send = self._dead_lettered
        world.event_source.begins = self._begins
        world.event_source.answered = self._returned

    @property
    def records(self) -> int:
        return len(self._fates)

    def content_of(self, marker: str) -> dict[str, Any]:
        """What the item of that record holds, besides the id that the API may give it."""
        assert marker in self._fates, f"nobody sent {marker}"
        return self._fates[marker].record.content

    # What happens

    def add(self, request: RecordsRequest) -> None:
        for record in request.records:
            self._fates[record.marker] = Fate(record, request)

    def add_bare(self, record: SentRecord) -> None:
        self._fates[record.marker] = Fate(record, None)

    def attempted(self, request: RecordsRequest) -> None:
        for record in request.records:
            self._fates[record.marker].attempts += 1

    def dropped(self, body: str) -> None:
        self._dropped.add(marker_of(body))

    def _sent(self, message: SimulatedMessage) -> None:
        fate = self._fates[marker_of(message.body)]
        version = version_of(message)
        self.last_sent_at = self._world.clock.now
        self.messages_max = max(self.messages_max, len(self._world.queue.messages))
        self.tell("queue", lambda: f"holds {fate.record.marker}, version …{version[-4:]}")
        if fate.request:
            assert version in self._letters or not fate.record.reason, f"a bad record was sent: {message.body[:60]}"
            assert not fate.request.is_refused, f"a record of a refused request was sent: {message.body[:60]}"
        fate.first_sent.setdefault(version, self._world.clock.now)
        fate.was_sent = True
        assert len(fate.first_sent) <= max(fate.attempts, 1), f"more versions than attempts: {message.body[:60]}"

    def _dead_lettered(self, letter: SimulatedMessage) -> None:
        self._letters.add(letter.attributes.get("version", ""))
        self.tell("dead letters", lambda: f"take {marker_of(letter.body)}: {letter.attributes.get('reason')}")

    def answered(self, request: RecordsRequest, exchange: Exchange, answer: HttpAnswer) -> None:
        """Holds an answer against what is so now."""
        waited = self._world.clock.now - (exchange.arrived_at or self._world.clock.now)
        assert waited <= ANSWER_SECONDS_MAX, f"a client waited {waited:.1f} s for its answer"
        if b'"message"' in answer.body[:20]:
            return  # API Gateway's own: it says nothing of the records
        document = answer.document
        if answer.status == _ACCEPTED:
            assert not request.is_refused, "a bad record was accepted"
            outcomes = document["records"]
            assert len(outcomes) == len(request.records), "a 202 names another number of records"
            told = [outcome.get("accepted", True) or outcome["dead_lettered"] for outcome in outcomes]
            assert all(told), f"a 202 for records that are nowhere: {outcomes}"
            self._hold_each(request, outcomes, exchange)
            return
        assert "x-request-id" in answer.headers, "an answer without the request's id"
        if document["code"] == "request_timed_out":
            in_time = exchange.arrived_at and exchange.arrived_at - exchange.began_at < REQUEST_SECONDS_MAX
            assert not in_time, "a body that had arrived in time was given up"
            return
        if request.is_refused:
            refused = answer.status in {400, 413, 422} and document["code"] == (request.refusal or document["code"])
            assert refused or document["code"] in _MAY_REFUSE, f"an odd answer: {document}"
            return
        if not (request.is_held_in_part and document["code"] == "records_invalid"):
            assert document["code"] in _MAY_REFUSE, f"an odd answer to a good request: {document}"
            assert "retry-after" in answer.headers, "no Retry-After"
        self._hold_each(request, document.get("records") or [], exchange)

    def _hold_each(self, request: RecordsRequest, outcomes: list[dict[str, Any]], exchange: Exchange) -> None:
        """A client was told what is durable."""
        # Of several records of a request with one key, only the last is sent.
        last = {outcome.get("id"): position for position, outcome in enumerate(outcomes)}
        for record, outcome in zip(request.records, outcomes, strict=bool(outcomes)):
            if outcome.get("accepted", True):  # a strict request's answer leaves it out
                key = outcome["id"]
                self._hold_told(record, outcome)
                self._hold_durable(request.records[last[key]], outcomes[last[key]], exchange)
            elif outcome.get("dead_lettered"):
                self._hold_dead_letter(record, outcome)

    def _hold_dead_letter(self, record: SentRecord, outcome: dict[str, Any]) -> None:
        version: str = outcome["version"]
        assert record.reason, f"a good record was dead-lettered: {record.text[:60]}"
        acted = version in self._world.queue.versions or record.marker in self._dropped  # by the operator, since
        assert self._has_letter(version) or acted, f"not in the dead-letter queue: {record.text[:60]}"
        assert outcome["error"]["code"] == record.reason, f"a wrong reason: {outcome}"
        self._fates[record.marker].was_sent = True

    def _hold_told(self, record: SentRecord, outcome: dict[str, Any]) -> None:
        fate, key = self._fates[record.marker], outcome["id"]
        assert not record.reason, f"a bad record was accepted: {record.text[:60]}"
        assert key == (record.key or key), f"another id than the client's: {outcome}"
        fate.ids.add(key)
        assert len(fate.ids) == 1 or (fate.request and not fate.request.has_own_names), f"two ids: {fate.ids}"

    def _hold_durable(self, record: SentRecord, outcome: dict[str, Any], exchange: Exchange) -> None:
        version, key = outcome["version"], outcome["id"]
        self._fates[record.marker].confirmed[version] = key, exchange.arrived_at or 0.0
        durable = self._is_durable(version, key) or record.marker in self._dropped
        assert durable, f"accepted, and not durable: {record.text[:60]}"

    def _is_durable(self, version: str, key: str) -> bool:
        item = self._world.table.items.get(key)
        stored = item is not None and item_version(item) >= version
        return stored or version in self._world.queue.versions or self._has_letter(version)

    def _has_letter(self, version: str) -> bool:
        return version in self._world.dead_letter_queue.versions

    def deleted(self, message: SimulatedMessage) -> None:
        """The event source mapping deletes a message: by then its record is somewhere else."""
        version, marker = version_of(message), marker_of(message.body)
        self.tell("queue", lambda: f"is done with {marker}")
        stored = self._world.table.items.get(self._fates[marker].record.key or id_in(message.body))
        there = (
            (stored is not None and item_version(stored) >= version)
            or version in self._world.queue.versions
            or any(letter.body == message.body for letter in self._world.dead_letter_queue.messages.values())
        )
        assert there or marker in self._dropped, f"deleted, and nowhere else: {message.body[:60]}"

    def _begins(self) -> None:
        """An invocation of the consumer."""
        self._world.sqs.copied[self._world.clock.current].clear()

    def _returned(self, batch: list[SimulatedMessage], failed: set[str]) -> None:
        """The consumer's invocation ends. What it has copied to a queue must not return to the queue as well."""
        copied = self._world.sqs.copied[self._world.clock.current]
        for version in copied:
            messages = [message for message in batch if version_of(message) == version]
            if len({message.message_id for message in messages}) < len(messages):
                continue  # delivered twice in one batch: what is done with one delivery is not with the other
            returning = sum(message.message_id in failed for message in messages)
            assert returning + copied.count(version) <= len(messages), f"in two places: {messages[0].body[:60]}"

    # The end

    def verify(self) -> None:
        world = self._world
        assert not world.queue.messages, f"{len(world.queue.messages)} messages left after {world.clock.now:,.0f} s"
        assert not world.queue.expired, "a message died of old age"
        assert world.event_source.timeouts == 0, "an invocation of the consumer ran into its timeout"
        self._verify_letters()
        items = self._verify_items()
        for fate in self._fates.values():
            if fate.record.reason is None:
                self._verify_good(fate, items)
            elif fate.was_sent:
                kept = fate.letters or fate.record.marker in self._dropped
                assert kept, f"a bad record is nowhere: {fate.record.text[:60]}"

    def _verify_letters(self) -> None:
        for letter in self._world.dead_letter_queue.messages.values():
            fate = self._fates[marker_of(letter.body)]
            fate.letters += 1
            record = fate.record
            reason = letter.attributes.get("reason")
            if letter.moved:
                assert may_crash(record.key), f"SQS gave a good record up: {letter.body[:60]}"
            elif record.reason:
                assert reason == record.reason, f"a wrong reason: {reason} for {letter.body[:60]}"
                assert letter.body == record.text, f"its text was touched: {letter.body[:60]}"
            else:
                assert may_be_refused(record.key), f"a good record was dead-lettered: {letter.body[:60]}, {reason}"
                assert reason == "put_refused", f"a wrong reason: {reason}"

    def _verify_items(self) -> dict[str, list[str]]:
        """The keys of the items that hold each record, by its marker."""
        items: dict[str, list[str]] = defaultdict(list)
        for key, item in self._world.table.items.items():
            content = {name: _deserialize(value) for name, value in item.items() if name != "_forebay"}
            fate = self._fates.get(content.get("m", ""))
            assert fate, f"nobody sent this item: {content}"
            assert content == {"id": key, **fate.record.content}, f"not as it was sent: {content}"
            assert not fate.record.reason, f"a bad record in the table: {content}"
            items[fate.record.marker].append(key)
        return items

    def _verify_good(self, fate: Fate, items: dict[str, list[str]]) -> None:
        record, keys = fate.record, items[fate.record.marker]
        most = 1 if fate.request is None or fate.request.has_own_names else fate.attempts
        assert len(keys) <= most, f"{len(keys)} items of one record: {record.text[:60]}"
        if keys and fate.letters:
            assert may_be_refused(record.key), f"in the table and in the dead-letter queue: {record.text[:60]}"
        for version, (key, arrived_at) in fate.confirmed.items():
            self._verify_confirmed(fate, version, key, arrived_at)
        if fate.request is None and not record.reason:
            for version, sent_at in fate.first_sent.items():
                self._verify_confirmed(fate, version, record.key or "", sent_at)

    def _verify_confirmed(self, fate: Fate, version: str, key: str, arrived_at: float) -> None:
        """Its item is its own, or that of one that was accepted later; or it is a dead letter that may be one."""
        record = fate.record
        item = self._world.table.items.get(key)
        if item is None or item_version(item) < version:
            assert fate.letters or record.marker in self._dropped, f"lost: {record.text[:60]}"
            return
        winner = self._fates[item["m"]["S"]]
        assert winner is fate or record.key, f"an id of its own is another record's as well: {record.text[:60]}"
        sent_at = winner.first_sent[item_version(item)]
        assert winner is fate or arrived_at <= sent_at + CLOCKS_DIFFER_SECONDS_MAX, (
            f"an older record won: {winner.record.text[:60]} was sent at {sent_at:.3f} s, and {record.text[:60]} had"
            f" arrived at {arrived_at:.3f} s"
        )
