"""Where credentials come from, and that they are renewed."""

import asyncio
import threading
from pathlib import Path

import pytest

from api.outbound.credentials import RENEWAL_SECONDS, CredentialsMissing, Renewed, credentials
from api.outbound.signature import Credentials

_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


async def got(environment: dict[str, str]) -> Credentials:
    return await credentials(environment)()


def test_the_environment_comes_first() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    assert asyncio.run(got(environment)) == Credentials("a", "b", "c")
    del environment["AWS_SESSION_TOKEN"]
    assert asyncio.run(got(environment)) == Credentials("a", "b", None)


def test_a_profile_is_found(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert asyncio.run(got({})) == Credentials("a", "b", None)


def test_that_there_are_none_is_said() -> None:
    with pytest.raises(CredentialsMissing):
        asyncio.run(got({}))


def test_they_are_asked_for_again_in_time() -> None:
    """Under a clock that is set by hand."""
    asked: list[int] = []

    def look_up() -> Credentials:
        asked.append(1)
        return Credentials(str(len(asked)), "b", None)

    clock = [0.0]

    async def at(renewed: Renewed, time: float) -> str:
        clock[0] = time
        return (await renewed()).access_key

    async def scenario() -> list[str]:
        asyncio.get_running_loop().time = lambda: clock[0]  # type: ignore[method-assign] # the clock
        renewed = Renewed(look_up)
        return [await at(renewed, time) for time in (1000.0, 999.0 + RENEWAL_SECONDS, 1000.0 + RENEWAL_SECONDS)]

    assert asyncio.run(scenario()) == ["1", "1", "2"]


def test_who_waits_together_is_answered_by_one_look_up() -> None:
    asked: list[int] = []
    let_go = threading.Event()

    def look_up() -> Credentials:
        asked.append(1)
        assert let_go.wait(30)
        return Credentials("a", "b", None)

    async def scenario() -> list[Credentials]:
        renewed = Renewed(look_up)
        waiting = [asyncio.ensure_future(renewed()) for _ in range(20)]
        await asyncio.sleep(0.05)
        let_go.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(scenario()) == [Credentials("a", "b", None)] * 20
    assert len(asked) == 1


def test_whatever_a_provider_raises_is_that_there_are_none_and_is_tried_again() -> None:
    answers: list[Credentials | Exception] = [RuntimeError("still expired"), Credentials("a", "b", None)]

    def look_up() -> Credentials:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> Credentials:
        renewed = Renewed(look_up)
        with pytest.raises(CredentialsMissing, match="RuntimeError"):
            await renewed()
        return await renewed()

    assert asyncio.run(scenario()) == Credentials("a", "b", None)
