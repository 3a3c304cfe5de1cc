"""The route of `POST /records`: FastAPI's own, without the work that this endpoint has no use for."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class IngestRoute(APIRoute):
    """Calls an endpoint that takes the request and returns the response, and nothing else.

    FastAPI would look for dependencies and parameters to solve, and open two exit stacks for them: docs/decisions/0008
    has what that costs a request. Where the route has dependencies, its own or the app's, FastAPI solves them as ever.
    A router that includes this one has its routes answered by FastAPI as well, whatever dependencies it adds.
    """

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **options: Any) -> None:  # noqa: ANN401 - APIRoute's own
        super().__init__(path, endpoint, **options)
        self._call = endpoint
        if not self.dependencies and self.max_body_size is None:
            self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._call(Request(scope, receive, send))
        await response(scope, receive, send)
