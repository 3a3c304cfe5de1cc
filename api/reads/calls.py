"""Blocking calls of AWS clients, beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import Generic, TypeVar

READ_SECONDS_MAX = 5.0
"""How long a request waits for a read; then it gets its answer, whatever AWS does."""
CALLS_AT_ONCE = 8
"""Fewer than the ten connections that a boto3 client keeps."""

_Client = TypeVar("_Client")
_Answer = TypeVar("_Answer")


class CallFailed(Exception):
    """A call that failed; the message is AWS's error code, or the class of the error that kept the call from AWS."""


class Calls(Generic[_Client]):
    """A client and the threads for its calls, so that a service that hangs does not delay the calls of another.

    The first call makes the client: importing boto3 and loading a service's model would be most of a cold start, and a
    request that only sends records needs neither.
    """

    def __init__(self, make_client: Callable[[], _Client], threads: Executor) -> None:
        """`threads` are its own, `CALLS_AT_ONCE` of them."""
        self._make_client = make_client
        self._made: _Client | None = None
        self._making = Lock()
        self._threads = threads

    async def __call__(self, call: Callable[[_Client], _Answer]) -> _Answer:
        """Raises `CallFailed`, also when the call takes too long; its thread then ends by the client's own timeouts."""
        try:
            async with asyncio.timeout(READ_SECONDS_MAX):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, call)
        except TimeoutError:
            raise CallFailed("TimeoutError") from None

    def prepare(self) -> _Client:
        """Makes the client now, if it is not made yet."""
        with self._making:
            if self._made is None:
                self._made = self._make_client()
        return self._made

    def _run(self, call: Callable[[_Client], _Answer]) -> _Answer:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as the class says

        try:
            return call(self.prepare())
        except ClientError as error:
            raise CallFailed(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise CallFailed(type(error).__name__) from None
