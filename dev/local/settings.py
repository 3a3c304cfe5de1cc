"""The local stack's settings, read once from the environment. docs/settings.md describes each."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations


class SettingInvalid(Exception):
    """The message names the variable and its valid values."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    port: int
    """The API's."""
    aws_port: int
    console_port: int
    wcu: int
    """Write units a second that the table is provisioned for."""
    burst_seconds: float
    """How much unused capacity the table keeps, in seconds of its provisioned rate."""
    backlog_hours_max: float = 0
    """How long the table may need for the backlog before the API refuses records; 0 for no limit."""
    open: bool = False
    """Whether a browser is opened on the console."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LocalSettings":
        """Raises `SettingInvalid`."""
        settings = cls(
            port=int(_number(environment, "PORT", "8000", 1, 65535, whole=True)),
            aws_port=int(_number(environment, "AWS_PORT", "4566", 1, 65535, whole=True)),
            console_port=int(_number(environment, "CONSOLE_PORT", "8080", 1, 65535, whole=True)),
            wcu=int(_number(environment, "WCU", "10", 1, 1_000_000, whole=True)),
            burst_seconds=_number(environment, "BURST_SECONDS", "10", 0, 300),
            backlog_hours_max=_number(environment, "BACKLOG_HOURS_MAX", "0", 0, 300),
            open=bool(_number(environment, "OPEN", "0", 0, 1, whole=True)),
        )
        ports = {"PORT": settings.port, "AWS_PORT": settings.aws_port, "CONSOLE_PORT": settings.console_port}
        for (one, port), (other, other_port) in combinations(ports.items(), 2):
            if port == other_port:
                raise SettingInvalid(f"{one} and {other} are both {port}: each needs its own")
        return settings


def _number(
    environment: Mapping[str, str], name: str, default: str, least: float, most: float, *, whole: bool = False
) -> float:
    text = environment.get(name, default)
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SettingInvalid(f"{name}={text}: a {'whole ' if whole else ''}number from {least} to {most:,}")
    return number
