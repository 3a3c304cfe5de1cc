"""`POST /records`: from a request to its answer. What every record costs."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from api.ingest import idempotency, prefer
from api.ingest.backlog_limit import BacklogLimit
from api.ingest.body import (
    REQUEST_SECONDS_MAX,
    decompress,
    is_gzip,
    read_body,
)
from api.ingest.lane import Lane
from api.ingest.lenient import BadRecord, EachParsed, outcomes_of, parse_each
from api.ingest.parse import BodyFormat, parse_messages
from api.ingest.values import check_values, takes_long
from api.memory_budget import BudgetExceeded, MemoryBudget, Share
from api.outbound.group_commit import QueueSender
from api.problems import (
    ApiBusy,
    RecordsNotAccepted,
    RecordsNotHeld,
    RequestTooLarge,
    TooManyRecords,
)
from api.reads.backlog import WriteUnits
from api.request_log import request_id
from api.time_limit import TimeLimit
from records.key import KeySchema
from records.message import Message
from records.version import Versions

log = logging.getLogger(__name__)

ANSWER_BYTES_MAX = 5_500_000
"""Of an answer with the outcomes of records, as Lambda counts them: in JSON text, where a quote takes two. Lambda's own
limit is 6 MB; what is left is for headers, and for the outcomes of records that are not confirmed."""
_AT_ONCE_BYTES, _AT_ONCE_PARTS = 4096, 300
"""A body of at most this size, and this number of values and lines, is parsed at once."""
_SMALL_BYTES, _SMALL_PARTS = 65_536, 3000
"""Another of at most this, decompressed, does not wait for larger ones."""
_LENIENT_PARTS = 10
"""A bad record that is handled by itself takes as long as so many values."""
_FAILING_SECONDS_MAX = 60.0
"""However long SQS has been failing, a client shall try again after about a minute."""
_IDEMPOTENCY_KEY = idempotency.HEADER.lower().encode("ascii")
_PREFER = prefer.HEADER.lower().encode("ascii")

_Headers: TypeAlias = dict[bytes, list[str]]
_Parsed = TypeVar("_Parsed")
_Parse: TypeAlias = Callable[[bytes, BodyFormat, str | None, Versions, KeySchema], _Parsed]


@dataclass(frozen=True, slots=True)
class IngestDependencies:
    """What the endpoint works with; `count` takes the names of `telemetry.metrics`."""

    queue: QueueSender
    dead_letter_queue: QueueSender
    small: Lane
    large: Lane
    """Where small and large bodies are parsed."""
    bodies: MemoryBudget
    """Of the bodies of all requests that are not answered yet."""
    versions: Versions
    key_schema: KeySchema
    write_units: WriteUnits
    backlog_limit: BacklogLimit
    count: Callable[[str, float], None]


class AcceptRecords:
    """Answers 202 once SQS has confirmed every record of the request: in the queue, or, where the request asks for
    lenient handling and the record is bad, in the dead-letter queue. Raises a `Problem` otherwise.
    """

    def __init__(self, dependencies: IngestDependencies) -> None:
        self.dependencies = dependencies
        self._time_limit = TimeLimit(REQUEST_SECONDS_MAX)

    async def __call__(self, request: Request) -> Response:
        self.dependencies.backlog_limit.check()
        headers = _headers_of(request)
        with Share(self.dependencies.bodies) as share:
            if prefer.is_lenient(headers[_PREFER]):
                parse = partial(parse_each, request_id=request_id.get() or "-")
                return await self._accept_each(await self._read(request, headers, share, parse, _LENIENT_PARTS))
            return await self._accept_all(await self._read(request, headers, share, parse_messages, 1))

    async def _accept_all(self, messages: list[Message]) -> Response:
        """One record that cannot be stored has refused the request by now."""
        answer = to_json({"records": [{**message.key.members(), "version": message.version} for message in messages]})
        _check_fits(answer)
        self.dependencies.backlog_limit.check()
        newest = _newest(messages)
        if unconfirmed := await self.dependencies.queue.send(newest):
            self.dependencies.count("unconfirmed", len(unconfirmed))
            raise RecordsNotAccepted(outcomes_of(messages, unconfirmed), _failing_seconds(self.dependencies.queue))
        self._count_accepted(len(messages), newest)
        return Response(answer, status_code=202, media_type="application/json")

    async def _accept_each(self, each_parsed: EachParsed) -> Response:
        """Those that cannot be stored become dead letters."""
        parsed, answer = each_parsed.records, each_parsed.answer
        _check_fits(answer)
        self.dependencies.backlog_limit.check()
        queue, dead_letter_queue = self.dependencies.queue, self.dependencies.dead_letter_queue
        newest = _newest(each for each in parsed if isinstance(each, Message))
        bad = [each for each in parsed if isinstance(each, BadRecord)]
        letters = [each.letter for each in bad if each.letter]
        with queue.hold(newest), dead_letter_queue.hold(letters):  # both or neither: nothing is sent otherwise
            left, letters_left = await asyncio.gather(queue.deliver(newest), dead_letter_queue.deliver(letters))
        self._report_dead_letters(bad, {letter.version for letter in letters_left})
        if left or letters_left:
            self.dependencies.count("unconfirmed", len(left) + len(letters_left))
            failing = [each for each, some in ((queue, left), (dead_letter_queue, letters_left)) if some]
            outcomes = outcomes_of(parsed, [*left, *letters_left])
            raise RecordsNotAccepted(outcomes, _failing_seconds(*failing), prefer.APPLIED)
        self._count_accepted(len(parsed) - len(bad), newest)
        if len(letters) < len(bad):
            raise RecordsNotHeld(outcomes_of(parsed, ()), prefer.APPLIED)
        return Response(answer, status_code=202, media_type="application/json", headers=prefer.APPLIED)

    def _count_accepted(self, records: int, sent: Sequence[Message]) -> None:
        if records:
            self.dependencies.count("accepted", records)
            self.dependencies.write_units.accepted(sent)

    def _report_dead_letters(self, bad: Iterable[BadRecord], unconfirmed: Collection[str]) -> None:
        reasons = Counter(each.violation.code for each in bad if each.letter and each.version not in unconfirmed)
        for reason, count in reasons.items():
            log.warning("dead_lettered", extra={"reason": reason, "messages": count})
        if reasons:
            self.dependencies.count("dead_lettered", reasons.total())

    async def _read(
        self, request: Request, headers: _Headers, share: Share, parse: _Parse[_Parsed], parts_per_record: int
    ) -> _Parsed:
        """What the request's records are parsed to."""
        content_type = ", ".join(dict.fromkeys(headers[b"content-type"]))
        body_format = BodyFormat.of(content_type, from_page=bool(headers[b"origin"]))
        key = idempotency.checked(headers[_IDEMPOTENCY_KEY])
        compressed = is_gzip(headers[b"content-encoding"])
        declared = headers[b"content-length"][0] if headers[b"content-length"] else ""
        try:
            body = await read_body(request.receive, declared, self._time_limit, share)
        except BudgetExceeded as error:
            raise ApiBusy(error.held_seconds) from None

        def parse_plain(plain: bytes) -> _Parsed:
            return parse(plain, body_format, key, self.dependencies.versions, self.dependencies.key_schema)

        def parse_small() -> _Parsed | None:
            """None where few bytes hold much."""
            plain = decompress(body, _SMALL_BYTES) if compressed else body
            return None if takes_long(plain, _SMALL_PARTS // parts_per_record) else parse_plain(plain)

        def parse_large() -> _Parsed:
            plain = decompress(body) if compressed else body
            check_values(plain)
            return parse_plain(plain)

        if not compressed and len(body) <= _AT_ONCE_BYTES and not takes_long(body, _AT_ONCE_PARTS // parts_per_record):
            return parse_plain(body)
        # Beside the event loop, so that it blocks nobody.
        if len(body) <= _SMALL_BYTES:
            with suppress(RequestTooLarge):
                if (parsed := await self.dependencies.small.run(parse_small)) is not None:
                    return parsed
        return await self.dependencies.large.run(parse_large)


def _headers_of(request: Request) -> _Headers:
    """All values of the headers that matter here, in one pass."""
    found: _Headers = {
        b"content-type": [],
        b"content-encoding": [],
        b"content-length": [],
        b"origin": [],
        _IDEMPOTENCY_KEY: [],
        _PREFER: [],
    }
    for name, value in request.scope["headers"]:
        if name in found:
            found[name].append(value.decode("latin-1"))
    return found


def _newest(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Of several records with one key only the last is sent. The others would lose to it anyway, and a client that
    repeats what was not accepted must not bring one of them back as the newest.
    """
    return tuple({message.key: message for message in messages}.values())


def _check_fits(answer: bytes) -> None:
    if len(answer) + answer.count(b'"') + answer.count(b"\\") > ANSWER_BYTES_MAX:
        raise TooManyRecords("the answer for so many records with long keys or names is too large; send them in parts")


def _failing_seconds(*queues: QueueSender) -> float:
    return min(max(queue.failing_seconds() for queue in queues), _FAILING_SECONDS_MAX)
