"""Where credentials come from, that they are renewed, and what becomes of those that AWS refuses."""

import asyncio
import threading
from pathlib import Path

import pytest

from api.host import REAL
from api.outbound.credentials import (
    REFUSED_SECONDS_MIN,
    RENEWAL_SECONDS,
    Credentials,
    CredentialsMissing,
    LookUp,
    RenewedCredentials,
    credential_source,
)

_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def got(environment: dict[str, str]) -> Credentials:
    return asyncio.run(credential_source(environment, lambda: 0.0, REAL.threads).get())


class Issuer:
    """Issues the credentials `1`, `2` … or what is in the list, under a clock that is set by hand."""

    def __init__(self, *answers: str | Exception, held: int = 0) -> None:
        """The look-up of the number `held` waits until it is released."""
        self._answers = list(answers)
        self._held = held
        self.released = threading.Event()
        self.clock = 1_000_000.0
        self.look_ups: list[int] = []
        """For each, how many caches had been made by then."""
        self._caches = 0
        self.source = RenewedCredentials(self._new_look_up, lambda: self.clock, REAL.threads(1, "credentials"))

    def _new_look_up(self) -> LookUp:
        self._caches += 1
        return self._look_up

    def _look_up(self) -> Credentials:
        self.look_ups.append(self._caches)
        number = len(self.look_ups)
        if number == self._held:
            assert self.released.wait(30)
        answer = self._answers.pop(0) if self._answers else str(number)
        if isinstance(answer, Exception):
            raise answer
        return Credentials(answer, "secret", None)

    async def key(self, after_seconds: float = 0) -> str:
        self.clock += after_seconds
        return (await self.source.get()).access_key


def test_the_environment_comes_first() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    assert got(environment) == Credentials("a", "b", "c")
    del environment["AWS_SESSION_TOKEN"]
    assert got(environment) == Credentials("a", "b", None)


def test_what_changes_in_the_environment_is_used_from_then_on() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    async def scenario() -> None:
        source = credential_source(environment, lambda: 0.0, REAL.threads)
        source.drop(await source.get())
        environment["AWS_ACCESS_KEY_ID"] = "new"
        assert await source.get() == Credentials("new", "b", None)
        del environment["AWS_ACCESS_KEY_ID"]
        with pytest.raises(CredentialsMissing):
            await source.get()

    asyncio.run(scenario())


def test_a_profile_is_found(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert got({}) == Credentials("a", "b", None)


def test_a_refused_profile_is_read_again(tmp_path: Path) -> None:
    """By itself botocore keeps what it has found."""
    file = tmp_path / "credentials"

    async def scenario() -> None:
        file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        source = credential_source({}, lambda: 0.0, REAL.threads)
        first = await source.get()
        file.write_text("[default]\naws_access_key_id = c\naws_secret_access_key = d\n")
        assert await source.get() == first == Credentials("a", "b", None)
        source.drop(first)
        assert await source.get() == Credentials("c", "d", None)

    asyncio.run(scenario())


def test_that_there_are_none_is_an_error() -> None:
    with pytest.raises(CredentialsMissing):
        got({})


def test_credentials_are_looked_up_again_in_time() -> None:
    issuer = Issuer()

    async def scenario() -> list[str]:
        return [await issuer.key(), await issuer.key(RENEWAL_SECONDS - 1), await issuer.key(1)]

    assert asyncio.run(scenario()) == ["1", "1", "2"]
    assert issuer.look_ups == [1, 1]


def test_a_clock_that_is_set_back_does_not_keep_credentials_for_ever() -> None:
    issuer = Issuer()

    async def scenario() -> list[str]:
        return [await issuer.key(), await issuer.key(-3600)]

    assert asyncio.run(scenario()) == ["1", "2"]


def test_refused_credentials_are_looked_up_again_at_once() -> None:
    issuer = Issuer()

    async def scenario() -> list[str]:
        first = await issuer.source.get()
        issuer.source.drop(first)
        keys = [await issuer.key()]
        issuer.source.drop(first)  # a late refusal of the old ones does not concern the new ones
        return [*keys, await issuer.key()]

    assert asyncio.run(scenario()) == ["2", "2"]
    assert issuer.look_ups == [1, 2]


def test_what_is_refused_for_good_is_looked_up_once_a_second() -> None:
    issuer = Issuer(*["same"] * 100)

    async def scenario() -> list[str]:
        seen = []
        for _ in range(20):
            try:
                found = await issuer.source.get()
            except CredentialsMissing as missing:
                seen.append(str(missing))
            else:
                seen.append(found.access_key)
                issuer.source.drop(found)
            issuer.clock += REFUSED_SECONDS_MIN / 4
        return seen

    assert asyncio.run(scenario()) == ["same", *["same", "refused", "refused", "refused"] * 5][:20]
    assert issuer.look_ups == [1, 2, 3, 4, 5, 6]


def test_what_is_refused_while_it_is_renewed_is_looked_up_again() -> None:
    """The renewal may have found the same in a cache."""
    issuer = Issuer("old", "old", "new", held=2)

    async def scenario() -> str:
        old = await issuer.source.get()
        renewal = asyncio.create_task(issuer.key(RENEWAL_SECONDS))
        await asyncio.sleep(0)
        issuer.source.drop(old)
        issuer.released.set()
        await renewal
        return await issuer.key()

    assert asyncio.run(scenario()) == "new"
    assert issuer.look_ups == [1, 1, 2]


async def many(issuer: Issuer) -> list[str]:
    waiting = [asyncio.ensure_future(issuer.key()) for _ in range(20)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    issuer.released.set()
    return await asyncio.gather(*waiting)


def test_who_waits_together_is_answered_by_one_look_up() -> None:
    issuer = Issuer(held=1)
    assert asyncio.run(many(issuer)) == ["1"] * 19
    assert issuer.look_ups == [1]


def test_one_look_up_follows_many_refusals() -> None:
    issuer = Issuer(held=2)

    async def scenario() -> list[str]:
        refused = await issuer.source.get()
        for _ in range(20):
            issuer.source.drop(refused)
        return await many(issuer)

    assert asyncio.run(scenario()) == ["2"] * 19
    assert issuer.look_ups == [1, 2]


def test_a_look_up_that_nobody_waits_for_any_more_is_used_all_the_same() -> None:
    issuer = Issuer(held=1)

    async def scenario() -> str:
        impatient = asyncio.create_task(issuer.source.get())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])
        issuer.released.set()
        return await issuer.key()

    assert asyncio.run(scenario()) == "1"
    assert issuer.look_ups == [1]


def test_whatever_a_provider_raises_is_that_there_are_none_and_is_tried_again() -> None:
    issuer = Issuer(RuntimeError("still expired"), "a")

    async def scenario() -> str:
        with pytest.raises(CredentialsMissing, match="RuntimeError"):
            await issuer.source.get()
        return await issuer.key()

    assert asyncio.run(scenario()) == "a"


def test_credentials_do_not_show_themselves() -> None:
    assert "secret" not in repr(Credentials("secret", "secret", "secret"))
