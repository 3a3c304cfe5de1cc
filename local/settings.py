"""The local stack's settings, read once from the environment. docs/settings.md describes each."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingInvalid(Exception):
    """The message names the variable and what it may be."""


@dataclass(frozen=True, slots=True)
class Settings:
    port: int
    aws_port: int
    wcu: int
    burst_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        settings = cls(
            port=int(_number(environment, "PORT", "8000", 1, 65535, whole=True)),
            aws_port=int(_number(environment, "AWS_PORT", "4566", 1, 65535, whole=True)),
            wcu=int(_number(environment, "WCU", "5", 1, 1_000_000, whole=True)),
            burst_seconds=_number(environment, "BURST_SECONDS", "300", 0, 300),
        )
        if settings.port == settings.aws_port:
            raise SettingInvalid(f"PORT and AWS_PORT are both {settings.port}: two ports are needed")
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
