"""The settings of `make load`, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from dev.local.settings import SettingInvalid

_WEB_PORT = 8089
_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class LoadSettings:
    port: int
    """Of the running local stack's API."""
    users: int
    rate: float
    """Records a second, of all users together; 0 for no limit."""
    seconds: float
    wait: bool
    """Whether the verification waits until the buffer is empty."""
    web_port: int | None
    """Of Locust's web page; None without it."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LoadSettings":
        """Raises `SettingInvalid`."""
        web = whole(environment, "WEB", 0, 0, _PORT_MAX)
        return cls(
            port=whole(environment, "PORT", 8000, 1, _PORT_MAX),
            users=whole(environment, "USERS", 5, 1, 1000),
            rate=number(environment, "RATE", 20, 0, 100_000),
            seconds=number(environment, "SECONDS", 20, 1, 86_400),
            wait=bool(whole(environment, "WAIT", 1, 0, 1)),
            web_port=None if web == 0 else _WEB_PORT if web == 1 else web,
        )


def whole(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = number(environment, name, default, least, most)
    if not given.is_integer():
        raise SettingInvalid(f"{name}={environment[name]}: a whole number")
    return int(given)


def number(environment: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = environment.get(name, str(default))
    try:
        given = float(text)
    except ValueError:
        given = least - 1
    if not least <= given <= most:
        raise SettingInvalid(f"{name}={text}: a number from {least:,} to {most:,}")
    return given
