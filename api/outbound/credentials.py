"""AWS credentials: those in the environment, or what botocore finds for a container, an instance or a profile."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeAlias

RENEWAL_SECONDS = 60.0
"""How long credentials are used before botocore is asked again. It renews them ten minutes before they expire."""
LOOK_UP_SECONDS_MAX = 5.0
REFUSED_SECONDS_MIN = 1.0
"""Between two look-ups after a refusal: what AWS goes on refusing must not become a load on those who issue it."""


class CredentialsMissing(Exception):
    """No credentials were found, the look-up failed, or AWS refuses the credentials."""


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str | None

    def __repr__(self) -> str:
        return "Credentials(…)"


class CredentialSource(Protocol):
    async def get(self) -> Credentials:
        """Raises `CredentialsMissing`."""

    def drop(self, refused: Credentials) -> None:
        """AWS does not take these: the next `get` looks them up again. No effect once others have replaced them."""


LookUp: TypeAlias = Callable[[], Credentials]
"""Looks credentials up, perhaps over the network; may cache them until they expire. Raises anything."""


def credential_source(
    environment: Mapping[str, str], now: Callable[[], float], threads: Callable[[int, str], Executor]
) -> CredentialSource:
    """The environment comes first, as in botocore. On Lambda there is nothing else, except under SnapStart, which puts
    nothing into the environment. `now` is wall time in seconds.
    """
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return EnvironmentCredentials(environment)
    return RenewedCredentials(_botocore_look_up, now, threads(1, "credentials"))


class EnvironmentCredentials:
    """Read at every call, which costs next to nothing: there is nothing to renew or to drop."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def get(self) -> Credentials:
        access_key = self._environment.get("AWS_ACCESS_KEY_ID")
        secret_key = self._environment.get("AWS_SECRET_ACCESS_KEY")
        if not access_key or not secret_key:
            raise CredentialsMissing("not in the environment")
        return Credentials(access_key, secret_key, self._environment.get("AWS_SESSION_TOKEN"))

    def drop(self, refused: Credentials) -> None:
        pass


class RenewedCredentials:
    """Credentials that change: looked up beside the event loop, because that may go over the network; one look-up at a
    time, for all who wait, in a thread of its own.

    Age is wall time: on Lambda the process may be frozen for hours, and the event loop's clock with it.
    """

    def __init__(self, new_look_up: Callable[[], LookUp], now: Callable[[], float], thread: Executor) -> None:
        """`new_look_up` makes one that has nothing cached: once now, and once after each refusal."""
        self._new_look_up = new_look_up
        self._look_up = new_look_up()
        self._now = now
        self._current: Credentials | None = None
        self._current_since = 0.0
        self._refused: Credentials | None = None  # until the next look-up
        self._refused_look_up_at: float | None = None
        self._looking_up: asyncio.Future[Credentials] | None = None
        self._thread = thread

    async def get(self) -> Credentials:
        if self._current is not None and self._is_within(RENEWAL_SECONDS, self._current_since):
            return self._current
        looking_up = self._looking_up or self._start()
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS_MAX):
                return await asyncio.shield(looking_up)
        except Exception as error:  # noqa: BLE001 - providers raise what they like
            raise CredentialsMissing(type(error).__name__) from None

    def drop(self, refused: Credentials) -> None:
        if refused == self._current:
            self._current = None
            self._refused = refused

    def _start(self) -> asyncio.Future[Credentials]:
        after_refusal = self._refused is not None
        if after_refusal:
            at = self._refused_look_up_at
            if at is not None and self._is_within(REFUSED_SECONDS_MIN, at):
                raise CredentialsMissing("refused")
            self._refused_look_up_at = self._now()
        look_up = self._look_up_without_cache if after_refusal else self._look_up
        self._looking_up = asyncio.get_running_loop().run_in_executor(self._thread, look_up)
        self._looking_up.add_done_callback(lambda found: self._looked_up(found, after_refusal=after_refusal))
        return self._looking_up

    def _look_up_without_cache(self) -> Credentials:
        """In the thread."""
        self._look_up = self._new_look_up()
        return self._look_up()

    def _looked_up(self, found: asyncio.Future[Credentials], *, after_refusal: bool) -> None:
        """Also when nobody waits any more."""
        self._looking_up = None
        if found.cancelled() or found.exception() is not None:
            return
        if found.result() == self._refused and not after_refusal:
            return  # refused while they were looked up, perhaps in a cache
        self._current, self._current_since, self._refused = found.result(), self._now(), None

    def _is_within(self, seconds: float, since: float) -> bool:
        """A wall clock may be set back: then the age is unknown, and counts as over."""
        return 0 <= self._now() - since < seconds


def _botocore_look_up() -> LookUp:
    from botocore.session import Session  # noqa: PLC0415 - not needed where the environment has credentials

    session = Session()  # caches what it has found

    def look_up() -> Credentials:
        found = session.get_credentials()
        if found is None:
            raise CredentialsMissing
        frozen = found.get_frozen_credentials()
        if not frozen.access_key or not frozen.secret_key:
            raise CredentialsMissing
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return look_up
