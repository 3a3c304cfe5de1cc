"""Credentials of AWS: those in the environment, or what botocore finds for a container, an instance or a profile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from api.outbound.signature import Credentials

RENEWAL_SECONDS = 60.0
"""How long credentials are used before botocore is asked again. It renews them ten minutes before they expire."""

LOOK_UP_SECONDS_MAX = 5.0

GetCredentials: TypeAlias = Callable[[], Awaitable[Credentials]]
"""Raises `CredentialsMissing`."""


class CredentialsMissing(Exception):
    """There are none, or they could not be had."""


def credentials(environment: Mapping[str, str]) -> GetCredentials:
    """The environment comes first, as in botocore. On Lambda that is all there is to it, without importing botocore;
    under SnapStart there is nothing in the environment, and the import is part of the snapshot.
    """
    access_key, secret_key = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return _constant(Credentials(access_key, secret_key, environment.get("AWS_SESSION_TOKEN")))
    return Renewed(_botocore())


def _constant(found: Credentials) -> GetCredentials:
    async def get() -> Credentials:
        return found

    return get


class Renewed:
    """Credentials that change: looked up beside the event loop, because that may go over the network; once for all who
    wait, in a thread of its own, which others need not wait for.
    """

    def __init__(self, look_up: Callable[[], Credentials]) -> None:
        self._look_up = look_up
        self._found: Credentials | None = None
        self._renew_at = 0.0
        self._looking: asyncio.Future[Credentials] | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="credentials")

    async def __call__(self) -> Credentials:
        loop = asyncio.get_running_loop()
        if self._found is None or loop.time() >= self._renew_at:
            if self._looking is None or self._looking.done():
                self._looking = loop.run_in_executor(self._executor, self._look_up)
            try:
                async with asyncio.timeout(LOOK_UP_SECONDS_MAX):
                    self._found = await asyncio.shield(self._looking)
            except Exception as error:  # noqa: BLE001 - providers raise what they like
                raise CredentialsMissing(type(error).__name__) from None
            self._renew_at = loop.time() + RENEWAL_SECONDS
        return self._found


def _botocore() -> Callable[[], Credentials]:
    from botocore.session import Session  # noqa: PLC0415 - not needed where the environment has credentials

    session = Session()

    def look_up() -> Credentials:
        found = session.get_credentials()
        if found is None:
            raise CredentialsMissing
        frozen = found.get_frozen_credentials()
        if not frozen.access_key or not frozen.secret_key:
            raise CredentialsMissing
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return look_up
