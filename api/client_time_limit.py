"""A time limit for clients, in uvicorn's HTTP protocol: `--http api.client_time_limit:TimeLimitedH11`.

uvicorn itself waits for ever for a request's header, and for the rest of a body that was answered before it had
arrived. docs/security.md has what each kind of client meets. On Lambda, the front does all this.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from api.ingest.body import REQUEST_SECONDS_MAX
from api.time_limit import TimeLimit


class TimeLimitedH11(H11Protocol):
    """Closes a connection on which the app has waited for the client, and for nothing else, for the whole limit.

    What counts is the time since the connection opened or its last answer was complete: bytes that arrive now and then
    do not extend it, only reading what was answered does. While a request is with the app, the app's own limits hold
    (`api.ingest.body` has that of a body).
    """

    limit: ClassVar = TimeLimit(REQUEST_SECONDS_MAX)
    _unread = 0
    """Bytes of answers that the client had not taken when its time began."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._client_is_to_act()

    def handle_events(self) -> None:
        super().handle_events()
        self._app_may_be_to_act()

    def on_response_complete(self) -> None:
        self._client_is_to_act()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._client_is_to_act()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._app_may_be_to_act()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.limit.stop(self)

    def _client_is_to_act(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self.limit.stop(self)
        self.limit.start(self, self._time_is_up)

    def _time_is_up(self) -> None:
        if self.transport.get_write_buffer_size() < self._unread:
            self.loop.call_soon(self._client_is_to_act)  # it is reading; the limit itself is not to be called from here
        else:
            self.transport.abort()  # `close` would wait until the client has read everything

    def _app_may_be_to_act(self) -> None:
        cycle = self.cycle
        if cycle is None:
            return  # type: ignore[unreachable] # so it is before the first request, whatever uvicorn's types say
        if not cycle.response_complete and not self.flow.write_paused:
            self.limit.stop(self)
