"""From the server to `POST /records`, past FastAPI's middleware and routing, which cost more than all the rest."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.ingest.endpoint import AcceptRecords
from api.problems import Problem, response_of
from api.request_log import ROUTE_PATH, Requests

RECORDS = "/records"


class ShortWay:
    """An ASGI app around the FastAPI app, `long_way`.

    The same endpoint with the same errors is among FastAPI's routes too: for the OpenAPI document, and for servers that
    put a prefix before the path. docs/performance.md says what this is worth.
    """

    def __init__(self, accept_records: AcceptRecords, long_way: ASGIApp) -> None:
        self._accept_records = accept_records
        self._short_way = Requests(self._answer)
        self._long_way = long_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        short = scope["type"] == "http" and scope["path"] == RECORDS and scope["method"] == "POST"
        await (self._short_way if short else self._long_way)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE_PATH] = RECORDS
        try:
            answer = await self._accept_records(Request(scope, receive))
        except Problem as problem:
            answer = response_of(problem)
        await answer(scope, receive, send)
