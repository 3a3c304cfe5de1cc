"""`POST /records`: from a request to its answer. What every record costs."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from api.ingest import idempotency
from api.ingest.body import (
    BODIES_BYTES_MAX,
    REQUEST_BYTES_MAX,
    REQUEST_SECONDS_MAX,
    decompress,
    is_gzip,
    read_body,
)
from api.ingest.lane import Lane
from api.ingest.parse import BodyFormat, parse_messages
from api.ingest.values import REQUEST_VALUES_MAX, check_values
from api.memory_budget import BudgetExceeded, MemoryBudget, Share
from api.outbound.group_commit import QueueSender
from api.problems import ApiBusy, RecordsNotAccepted, RequestTooLarge, TooManyRecords, TooManyValues
from api.reads.backlog import WriteUnits
from api.time_limit import TimeLimit
from records.key import KeySchema
from records.message import Message
from records.version import Versions

RECEIPTS_BYTES_MAX = 3_000_000
"""Bytes of an answer. Lambda's own limit is 6 MB, of JSON in which every quote and backslash is escaped."""
_AT_ONCE_BYTES = 4096
"""A body of at most this size is parsed at once."""
_SMALL_BYTES = 65_536
_SMALL_VALUES = 3000
"""A body of at most this size, decompressed, and this number of values does not wait for larger ones."""
_IDEMPOTENCY_KEY = idempotency.HEADER.lower().encode("ascii")


class AcceptRecords:
    """Answers 202 once SQS has confirmed every record of the request. Raises a `Problem` otherwise."""

    def __init__(
        self,
        queue: QueueSender,
        versions: Versions,
        key_schema: KeySchema,
        write_units: WriteUnits,
        count: Callable[[str, float], None],
    ) -> None:
        self._queue = queue
        self._versions = versions
        self._key_schema = key_schema
        self._write_units = write_units
        self._count = count
        self._small, self._large = Lane("parse-small"), Lane("parse-large")
        self._time_limit = TimeLimit(REQUEST_SECONDS_MAX)
        self._bodies = MemoryBudget(BODIES_BYTES_MAX)

    async def __call__(self, request: Request) -> Response:
        with Share(self._bodies) as share:
            return await self._answer(request, share)

    async def _answer(self, request: Request, share: Share) -> Response:
        messages = await self._read(request, share)
        receipts = to_json({"records": [{**message.key.members(), "version": message.version} for message in messages]})
        if len(receipts) > RECEIPTS_BYTES_MAX:
            raise TooManyRecords("the receipts for so many long keys exceed an answer's limit; send them in parts")
        # Of several records with one key only the last is sent. The others would lose to it anyway, and a client that
        # repeats what was not accepted must not bring one of them back as the newest.
        newest = {message.key: message for message in messages}
        if unconfirmed := await self._queue.send(tuple(newest.values())):
            self._count("unconfirmed", len(unconfirmed))
            raise RecordsNotAccepted(messages, unconfirmed)
        self._count("accepted", len(messages))
        self._write_units.accepted(newest.values())
        return Response(receipts, status_code=202, media_type="application/json")

    async def _read(self, request: Request, share: Share) -> list[Message]:
        """The messages of the request's records, in its order."""
        headers = _headers_of(request)
        body_format = BodyFormat.of(", ".join(dict.fromkeys(headers[b"content-type"])))
        key = idempotency.checked(headers[_IDEMPOTENCY_KEY])
        compressed = is_gzip(headers[b"content-encoding"])
        declared = headers[b"content-length"][0] if headers[b"content-length"] else ""
        try:
            body = await read_body(request.receive, declared, self._time_limit, share)
        except BudgetExceeded:
            raise ApiBusy from None
        if not compressed and len(body) <= _AT_ONCE_BYTES:
            return parse_messages(body, body_format, key, self._versions, self._key_schema)

        def parse(bytes_max: int, values_max: int) -> list[Message]:
            plain = decompress(body, bytes_max) if compressed else body
            check_values(plain, values_max)
            return parse_messages(plain, body_format, key, self._versions, self._key_schema)

        # Beside the event loop, so that it blocks nobody.
        if len(body) <= _SMALL_BYTES:
            with suppress(RequestTooLarge, TooManyValues):  # few bytes may hold much
                return await self._small.run(partial(parse, _SMALL_BYTES, _SMALL_VALUES))
        return await self._large.run(partial(parse, REQUEST_BYTES_MAX, REQUEST_VALUES_MAX))


def _headers_of(request: Request) -> dict[bytes, list[str]]:
    """All values of the headers that matter here, in one pass."""
    found: dict[bytes, list[str]] = {
        b"content-type": [],
        b"content-encoding": [],
        b"content-length": [],
        _IDEMPOTENCY_KEY: [],
    }
    for name, value in request.scope["headers"]:
        if name in found:
            found[name].append(value.decode("latin-1"))
    return found
