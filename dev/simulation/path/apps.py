"""Apps that process after process uses, because to make one takes longer than many a world.

All that an app keeps from one request to the next is in its components, and each process has its own.
"""

from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import Response

from api.app import create_app
from api.composition import ApiComponents
from api.host import Host

if TYPE_CHECKING:
    from fastapi import FastAPI


class PooledApp:
    """What its routes ask the components for, they ask those of the present process for."""

    def __init__(self) -> None:
        self.components: ApiComponents
        self.host: Host
        machine = Host(monotonic_ns=lambda: self.host.monotonic_ns(), random=lambda: self.host.random())  # noqa: PLW0108 - whichever it is then
        self.app: FastAPI = create_app(cast("Any", self), machine)

    async def accept_records(self, request: Request) -> Response:
        return await self.components.accept_records(request)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the components have it
        return getattr(self.components, name)


class AppPool:
    def __init__(self) -> None:
        self._free: list[PooledApp] = []

    def take(self, components: ApiComponents, host: Host) -> PooledApp:
        app = self._free.pop() if self._free else PooledApp()
        app.components, app.host = components, host
        return app

    def put_back(self, app: PooledApp) -> None:
        self._free.append(app)
