"""`POST /records`: from a request to its answer. What every record costs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from api.ingest import idempotency
from api.ingest.body import BODIES_BYTES_MAX, REQUEST_SECONDS_MAX, decompress, is_gzip, read_body
from api.ingest.parse import BodyFormat, parse_messages
from api.memory_budget import BudgetExceeded, MemoryBudget
from api.outbound.group_commit import QueueSender
from api.problems import QueueBusy, RecordsNotAccepted, TooManyRecords
from api.reads.backlog import WriteUnits
from api.time_limit import TimeLimit
from records.key import KeySchema
from records.message import Message
from records.version import Versions

RECEIPTS_BYTES_MAX = 3_000_000
"""Bytes of an answer. Lambda's own limit is 6 MB, of JSON in which every quote and backslash is escaped."""
_LARGE_BODY_BYTES = 4096
_PARSER_THREADS = 2
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
        # Threads of their own: name or credential look-ups that wait in the loop's default pool must not delay bodies.
        self._parsers = ThreadPoolExecutor(_PARSER_THREADS, thread_name_prefix="parse-body")
        self._time_limit = TimeLimit(REQUEST_SECONDS_MAX)
        self._budget = MemoryBudget(BODIES_BYTES_MAX)

    async def __call__(self, request: Request) -> Response:
        messages = await self._read(request)
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

    async def _read(self, request: Request) -> list[Message]:
        """The messages of the request's records, in its order."""
        headers = _headers_of(request)
        body_format = BodyFormat.of(", ".join(dict.fromkeys(headers[b"content-type"])))
        key = idempotency.checked(headers[_IDEMPOTENCY_KEY])
        compressed = is_gzip(headers[b"content-encoding"])
        declared = headers[b"content-length"][0] if headers[b"content-length"] else ""
        try:
            body = await read_body(request.receive, declared, self._time_limit, self._budget)
        except BudgetExceeded:
            raise QueueBusy from None
        if not compressed and len(body) <= _LARGE_BODY_BYTES:
            return parse_messages(body, body_format, key, self._versions, self._key_schema)

        def parse() -> list[Message]:
            plain = decompress(body) if compressed else body
            return parse_messages(plain, body_format, key, self._versions, self._key_schema)

        # A large body, or a small one that may become large, is parsed beside the event loop, so that it blocks nobody.
        return await asyncio.get_running_loop().run_in_executor(self._parsers, parse)


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
