"""Blocking calls of AWS clients, beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

CALLS_AT_ONCE = 8
"""Fewer than the ten connections that a client keeps."""

READ_SECONDS_MAX = 5.0
"""How long a client waits for what is read for it; then it gets its answer, whatever AWS does."""

_Answer = TypeVar("_Answer")


class Calls:
    """Runs blocking calls, at most so many at once."""

    def __init__(self, at_once: int = CALLS_AT_ONCE) -> None:
        self._executor = ThreadPoolExecutor(at_once, thread_name_prefix="aws-call")

    async def __call__(self, function: Callable[[], _Answer]) -> _Answer:
        """A caller that gives up waiting leaves the call to end by the client's own timeouts."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)


def cause(error: BotoCoreError | ClientError | TimeoutError) -> str:
    """A failed call in one word, for logs: AWS's error code, or the kind of trouble on the way there."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
