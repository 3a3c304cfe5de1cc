"""Credentials of AWS: those in the environment, or what botocore finds for a container, an instance or a profile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from api.signature import Credentials

RENEWAL_SECONDS = 60.0
"""How long credentials are used before botocore is asked again. It renews them ten minutes before they expire."""

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
    """Credentials that change: looked up beside the event loop, because that may go over the network."""

    def __init__(self, look_up: Callable[[], Credentials]) -> None:
        self._look_up = look_up
        self._found: Credentials | None = None
        self._renew_at = 0.0

    async def __call__(self) -> Credentials:
        now = asyncio.get_running_loop().time()
        if self._found is None or now >= self._renew_at:
            self._found = await asyncio.to_thread(self._look_up)
            self._renew_at = now + RENEWAL_SECONDS
        return self._found


def _botocore() -> Callable[[], Credentials]:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - not needed where the environment has credentials
    from botocore.session import Session  # noqa: PLC0415 - as above

    session = Session()

    def look_up() -> Credentials:
        try:
            found = session.get_credentials()
            if found is None:
                raise CredentialsMissing("botocore found no credentials")
            frozen = found.get_frozen_credentials()
        except BotoCoreError as error:
            raise CredentialsMissing(type(error).__name__) from None
        if not frozen.access_key or not frozen.secret_key:
            raise CredentialsMissing("botocore found half of them")
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return look_up
