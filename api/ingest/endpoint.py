"""`POST /records`: from a request to its answer. The one thing that every record costs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from api.ingest import idempotency
from api.ingest.body import BODIES_BYTES_MAX, REQUEST_SECONDS_MAX, Room, is_packed, read_body, unpack
from api.ingest.parse import Format, messages_of
from api.outbound.group_commit import QueueSender
from api.problems import RecordsNotAccepted, TooManyRecords
from api.reads.backlog import WriteUnits
from api.time_limit import TimeLimit
from records.key import KeySchema
from records.message import Message
from records.version import Versions

RECEIPTS_BYTES_MAX = 3_000_000
"""Of an answer. Lambda's own may be 6 MB, and puts a backslash before every quote and backslash of it."""
_LARGE_BYTES = 4096
_READERS = 2


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
        # Of its own: what else waits in threads (for names, for credentials) must not keep bodies waiting, nor they it.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="read-body")
        self._reading = TimeLimit(REQUEST_SECONDS_MAX)
        self._room = Room(BODIES_BYTES_MAX)

    async def __call__(self, request: Request) -> Response:
        messages = await self._messages_of(request)
        receipts = to_json({"records": [{**message.key.members(), "version": message.version} for message in messages]})
        if len(receipts) > RECEIPTS_BYTES_MAX:
            raise TooManyRecords("the receipts of so many long keys are more than an answer holds; send them in parts")
        # Of one id only the last is sent. The others would lose to it anyway, and a client that repeats what was not
        # accepted must not bring one of them back as the newest.
        newest = {message.key: message for message in messages}
        if unconfirmed := await self._queue.send(tuple(newest.values())):
            self._count("unconfirmed", len(unconfirmed))
            raise RecordsNotAccepted(messages, unconfirmed)
        self._count("accepted", len(messages))
        self._write_units.accepted(newest.values())
        return Response(receipts, status_code=202, media_type="application/json")

    async def _messages_of(self, request: Request) -> list[Message]:
        form = Format.of(", ".join(dict.fromkeys(request.headers.getlist("content-type"))))
        key = idempotency.checked(request.headers.getlist(idempotency.HEADER))
        packed = is_packed(request)
        body = await read_body(request, self._reading, self._room)
        if not packed and len(body) <= _LARGE_BYTES:
            return messages_of(body, form, key, self._versions, self._key_schema)

        def read() -> list[Message]:
            return messages_of(unpack(body) if packed else body, form, key, self._versions, self._key_schema)

        # A large body, or a small one that may become large, is read beside the event loop: nobody else has to wait.
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)
